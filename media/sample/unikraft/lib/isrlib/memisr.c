/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/isr.h>

void *memcpy_isr(void *d, const void *s, size_t n)
{
	unsigned char *dst = d;
	const unsigned char *src = s;

	while (n--)
		*dst++ = *src++;
	return d;
}

void *memset_isr(void *d, int c, size_t n)
{
	unsigned char *dst = d;

	while (n--)
		*dst++ = (unsigned char)c;
	return d;
}

int memcmp_isr(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n--; p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memmove_isr(void *d, const void *s, size_t n)
{
	unsigned char *dst = d;
	const unsigned char *src = s;

	if (dst <= src || dst >= src + n)
		return memcpy_isr(d, s, n);
	while (n--)
		dst[n] = src[n];
	return d;
}
