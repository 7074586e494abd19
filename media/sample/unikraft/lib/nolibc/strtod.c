/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static double scale(double v, int e)
{
	double base = 10.0, f = 1.0;
	int n = e < 0 ? -e : e;

	for (; n; n >>= 1, base *= base)
		if (n & 1)
			f *= base;
	return e < 0 ? v / f : v * f;
}

double strtod(const char *s, char **end)
{
	const char *start = s, *mark;
	double v = 0;
	int neg = 0, digits = 0, exp = 0, e = 0, eneg = 0;

	while (isspace((unsigned char)*s))
		s++;
	if (*s == '-' || *s == '+')
		neg = *s++ == '-';
	if (!strncasecmp(s, "inf", 3)) {
		if (end)
			*end = (char *)s + 3;
		return neg ? -__builtin_inf() : __builtin_inf();
	}
	for (; isdigit((unsigned char)*s); s++, digits++)
		v = v * 10 + (*s - '0');
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++, digits++, exp--)
			v = v * 10 + (*s - '0');
	if (!digits) {
		if (end)
			*end = (char *)start;
		return 0;
	}
	if ((*s | 32) == 'e') {
		mark = s++;
		if (*s == '-' || *s == '+')
			eneg = *s++ == '-';
		if (!isdigit((unsigned char)*s)) {
			s = mark;
		} else {
			for (; isdigit((unsigned char)*s) && e < 10000; s++)
				e = e * 10 + (*s - '0');
			exp += eneg ? -e : e;
		}
	}
	if (end)
		*end = (char *)s;
	v = scale(v, exp);
	return neg ? -v : v;
}
