/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <mathx.h>

#define PI 3.14159265358979323846

int fft(struct complex *x, size_t n, int inverse)
{
	size_t i, j, len;

	if (!n || (n & (n - 1)))
		return -1;
	for (i = 1, j = 0; i < n; i++) {
		size_t bit = n >> 1;

		for (; j & bit; bit >>= 1)
			j ^= bit;
		j ^= bit;
		if (i < j) {
			struct complex t = x[i];

			x[i] = x[j];
			x[j] = t;
		}
	}
	for (len = 2; len <= n; len <<= 1) {
		double ang = 2 * PI / (double)len * (inverse ? 1 : -1);

		for (i = 0; i < n; i += len) {
			for (j = 0; j < len / 2; j++) {
				double wr = m_cos(ang * (double)j), wi = m_sin(ang * (double)j);
				struct complex *u = &x[i + j], *v = &x[i + j + len / 2];
				double re = v->re * wr - v->im * wi, im = v->re * wi + v->im * wr;

				v->re = u->re - re;
				v->im = u->im - im;
				u->re += re;
				u->im += im;
			}
		}
	}
	for (i = 0; inverse && i < n; i++) {
		x[i].re /= (double)n;
		x[i].im /= (double)n;
	}
	return 0;
}
