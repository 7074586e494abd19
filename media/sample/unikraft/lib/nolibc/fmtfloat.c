/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include "fmt.h"

static const double powers[] = { 1e1, 1e2, 1e4, 1e8, 1e16, 1e32, 1e64, 1e128, 1e256 };

/* Bring v into [1,10) and give the decimal exponent. */
static int normalize(double *v)
{
	int e = 0, i;

	if (*v == 0)
		return 0;
	for (i = 8; i >= 0; i--) {
		if (*v >= powers[i]) {
			*v /= powers[i];
			e += 1 << i;
		}
	}
	for (i = 8; i >= 0; i--) {
		if (*v * powers[i] < 10.0) {
			*v *= powers[i];
			e -= 1 << i;
		}
	}
	return e;
}

static double half_unit(int prec)
{
	double r = 0.5;

	while (prec-- > 0)
		r /= 10.0;
	return r;
}

/* digits of v < 2^63: integer part, point, prec decimals */
static size_t fixed(char *out, double v, int prec)
{
	uint64_t whole;
	char tmp[24];
	size_t n = 0, k = 0;

	v += half_unit(prec);
	whole = (uint64_t)v;
	v -= (double)whole;
	do {
		tmp[k++] = (char)('0' + whole % 10);
		whole /= 10;
	} while (whole);
	while (k)
		out[n++] = tmp[--k];
	if (prec > 0)
		out[n++] = '.';
	while (prec-- > 0) {
		int d;

		v *= 10.0;
		d = (int)v;
		out[n++] = (char)('0' + d);
		v -= d;
	}
	return n;
}

static size_t exponent(char *out, int e)
{
	size_t n = 0;

	out[n++] = 'e';
	out[n++] = e < 0 ? '-' : '+';
	if (e < 0)
		e = -e;
	if (e >= 100)
		out[n++] = (char)('0' + e / 100);
	out[n++] = (char)('0' + e / 10 % 10);
	out[n++] = (char)('0' + e % 10);
	return n;
}

static size_t strip_zeros(char *out, size_t n)
{
	if (memchr(out, '.', n)) {
		while (out[n - 1] == '0')
			n--;
		if (out[n - 1] == '.')
			n--;
	}
	return n;
}

void fmt__float(struct fmt__out *o, double v, const struct fmt__spec *sp)
{
	char buf[80];
	const char *prefix = "";
	int prec = sp->prec < 0 ? 6 : sp->prec > 40 ? 40 : sp->prec, e;
	double m;
	size_t n;

	if (v != v) {
		fmt__pad(o, "", "nan", 3, 0, sp);
		return;
	}
	if (v < 0) {
		prefix = "-";
		v = -v;
	} else if (sp->plus) {
		prefix = "+";
	}
	if (v > 1.7976931348623157e308) {
		fmt__pad(o, prefix, "inf", 3, 0, sp);
		return;
	}
	m = v;
	e = normalize(&m);
	if (sp->conv == 'g') {
		if (!prec)
			prec = 1;
		if (m + half_unit(prec - 1) >= 10.0)
			e++;
		if (e < -4 || e >= prec) {
			if (m + half_unit(prec - 1) >= 10.0)
				m /= 10.0;
			n = strip_zeros(buf, fixed(buf, m, prec - 1));
			n += exponent(buf + n, e);
		} else {
			n = strip_zeros(buf, fixed(buf, v, prec - 1 - e));
		}
	} else if (sp->conv == 'e' || v >= 9e18) {
		if (m + half_unit(prec) >= 10.0) {
			m /= 10.0;
			e++;
		}
		n = fixed(buf, m, prec);
		n += exponent(buf + n, e);
	} else {
		n = fixed(buf, v, prec);
	}
	fmt__pad(o, prefix, buf, n, 0, sp);
}
