/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <mathx.h>
#include <stdint.h>

#define LN2 0.6931471805599453
#define PI 3.14159265358979323846

double m_sqrt(double x)
{
	double r;

	__asm__("sqrtsd %1, %0" : "=x"(r) : "x"(x));
	return r;
}

double m_fabs(double x)
{
	return __builtin_fabs(x);
}

double m_floor(double x)
{
	double t = (double)(int64_t)x;

	return t > x ? t - 1 : t;
}

static double scale2(double x, int64_t e)
{
	union {
		uint64_t u;
		double d;
	} v = { (uint64_t)(e + 1023) << 52 };

	return x * v.d;
}

/* e^x = 2^k e^r with |r| <= ln2/2 */
double m_exp(double x)
{
	double k = m_floor(x / LN2 + 0.5), r = x - k * LN2, sum = 1, term = 1;
	int i;

	if (x > 709)
		return __builtin_inf();
	if (x < -708)
		return 0;
	for (i = 1; i < 18; i++) {
		term *= r / i;
		sum += term;
	}
	return scale2(sum, (int64_t)k);
}

double m_log(double x)
{
	union {
		double d;
		uint64_t u;
	} v = { x };
	int64_t e;
	double m, t, t2, sum = 0, p;
	int i;

	if (x <= 0)
		return x < 0 ? __builtin_nan("") : -__builtin_inf();
	e = (int64_t)(v.u >> 52 & 0x7ff) - 1023;
	v.u = (v.u & 0xfffffffffffffUL) | 1023UL << 52;
	m = v.d;
	if (m > 1.4142135623730951) {
		m /= 2;
		e++;
	}
	/* ln m = 2 artanh((m-1)/(m+1)) */
	t = (m - 1) / (m + 1);
	t2 = t * t;
	for (i = 1, p = t; i < 27; i += 2, p *= t2)
		sum += p / i;
	return 2 * sum + (double)e * LN2;
}

static double sine(double x)
{
	double term = x, sum = x, x2 = x * x;
	int i;

	for (i = 1; i < 12; i++) {
		term *= -x2 / (double)((2 * i) * (2 * i + 1));
		sum += term;
	}
	return sum;
}

double m_sin(double x)
{
	x -= 2 * PI * m_floor(x / (2 * PI) + 0.5);
	if (x > PI / 2)
		x = PI - x;
	else if (x < -PI / 2)
		x = -PI - x;
	return sine(x);
}

double m_cos(double x)
{
	return m_sin(x + PI / 2);
}

double m_pow(double x, double y)
{
	int64_t n = (int64_t)y;
	double r = 1;

	if ((double)n == y && n > -1024 && n < 1024) {
		int64_t k = n < 0 ? -n : n;

		for (; k; k >>= 1, x *= x)
			if (k & 1)
				r *= x;
		return n < 0 ? 1 / r : r;
	}
	return x <= 0 ? 0 : m_exp(y * m_log(x));
}
