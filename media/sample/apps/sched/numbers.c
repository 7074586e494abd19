/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <mathx.h>
#include <sortx.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <vm.h>
#include "demo.h"

static const double m[9] = { 4, 1, -2, 1, 2, 0, -2, 0, 3 };

static void matrix(void *arg __unused)
{
	double inv[9], unit[9], x[3], b[3] = { 1, 2, 3 }, values[3], off = 0;
	int i;

	mat_invert(m, inv, 3);
	uk_sched_yield();
	mat_mul(m, inv, unit, 3, 3, 3);
	for (i = 0; i < 9; i++)
		off += m_fabs(unit[i] - (i % 4 == 0));
	mat_solve(m, b, x, 3);
	uk_sched_yield();
	mat_eigen(m, values, 3);
	printf("matrix: det %.4f, x %.4f %.4f %.4f, eigen %.4f %.4f %.4f, inverse %s\n", mat_det(m, 3), x[0],
	       x[1], x[2], values[0], values[1], values[2], off < 1e-9 ? "exact" : "off");
}

static void spectrum(void *arg __unused)
{
	static struct complex x[64];
	double power = 0, back = 0;
	int i, peak = 0;

	for (i = 0; i < 64; i++) {
		x[i].re = m_sin(2 * 3.14159265358979 * 5 * i / 64) + 0.25 * m_cos(2 * 3.14159265358979 * 12 * i / 64);
		x[i].im = 0;
	}
	fft(x, 64, 0);
	uk_sched_yield();
	for (i = 0; i < 32; i++) {
		double p = x[i].re * x[i].re + x[i].im * x[i].im;

		power += p;
		if (p > x[peak].re * x[peak].re + x[peak].im * x[peak].im)
			peak = i;
	}
	fft(x, 64, 1);
	for (i = 0; i < 64; i++)
		back += x[i].re * x[i].re;
	printf("spectrum: peak at %d, power %.3f, energy %.3f\n", peak, power / 1024, back / 32);
}

static void statistics(void *arg __unused)
{
	double v[101], x[101], a, b;
	struct stats s = { 0 };
	int i;

	for (i = 0; i < 101; i++) {
		x[i] = i;
		v[i] = 3 + 0.5 * i + m_sin(i);
		stats_add(&s, v[i]);
		if (i % 25 == 0)
			uk_sched_yield();
	}
	stats_fit(x, v, 101, &a, &b);
	printf("fit: %.3f + %.4f x, mean %.4f, deviation %.4f, median %.4f\n", a, b, s.mean,
	       stats_stddev(&s), stats_median(v, 101));
}

static void machine(void *arg)
{
	struct vm_prog p;
	struct uk_strbuf out;
	struct vm_result r;

	uk_strbuf_init(&out);
	if (vm_compile(arg, &p)) {
		printf("vm: %s\n", p.error);
		return;
	}
	r = vm_run(&p, 100000, &out);
	printf("vm: %s= %ld in %lu steps\n", out.s ? out.s : "", r.value, r.steps);
	vm_prog_free(&p);
	uk_strbuf_free(&out);
}

/* Threads with floating point state of their own, all at once. */
void numbers(void)
{
	struct uk_thread *t[4];
	int i;

	t[0] = spawn("matrix", matrix, NULL, UK_THREAD_ECTX);
	t[1] = spawn("spectrum", spectrum, NULL, UK_THREAD_ECTX);
	t[2] = spawn("stats", statistics, NULL, UK_THREAD_ECTX);
	t[3] = spawn("vm", machine, "let i = 0; let s = 0; while i < 10 { i = i + 1; s = s + i * i; print s; } return s;", 0);
	for (i = 0; i < 4; i++)
		uk_sched_join(t[i]);
	printf("elementary: exp %.6f log %.6f sqrt %.6f pow %.3f floor %.1f\n", m_exp(1), m_log(10), m_sqrt(2),
	       m_pow(2, 0.5) * m_pow(2, 10), m_floor(-2.5));
}
