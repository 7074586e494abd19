/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

static int digit(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	if (isalpha((unsigned char)c))
		return tolower((unsigned char)c) - 'a' + 10;
	return 99;
}

/* The digits of a number, without overflow checks of its sign's range. */
static unsigned long parse(const char *s, char **end, int base, int *neg, int *over)
{
	const char *start = s, *first;
	unsigned long v = 0;

	*neg = *over = 0;
	while (isspace((unsigned char)*s))
		s++;
	if (*s == '-' || *s == '+')
		*neg = *s++ == '-';
	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 32) == 'x' && digit(s[2]) < 16) {
		s += 2;
		base = 16;
	} else if (base == 0) {
		base = *s == '0' ? 8 : 10;
	}
	for (first = s; digit(*s) < base; s++) {
		unsigned long next = v * (unsigned long)base + (unsigned long)digit(*s);

		if (v > (ULONG_MAX - (unsigned long)digit(*s)) / (unsigned long)base)
			*over = 1;
		v = next;
	}
	if (end)
		*end = (char *)(s == first ? start : s);
	return v;
}

unsigned long strtoul(const char *s, char **end, int base)
{
	int neg, over;
	unsigned long v = parse(s, end, base, &neg, &over);

	if (over) {
		errno = ERANGE;
		return ULONG_MAX;
	}
	return neg ? -v : v;
}

long strtol(const char *s, char **end, int base)
{
	int neg, over;
	unsigned long v = parse(s, end, base, &neg, &over);

	if (over || v > (unsigned long)LONG_MAX + (unsigned long)neg) {
		errno = ERANGE;
		return neg ? LONG_MIN : LONG_MAX;
	}
	return neg ? -(long)v : (long)v;
}

int atoi(const char *s)
{
	return (int)strtol(s, NULL, 10);
}

long atol(const char *s)
{
	return strtol(s, NULL, 10);
}
