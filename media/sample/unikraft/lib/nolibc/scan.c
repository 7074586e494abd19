/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void store(void *p, int size, uint64_t v)
{
	if (size <= -2)
		*(uint8_t *)p = (uint8_t)v;
	else if (size == -1)
		*(uint16_t *)p = (uint16_t)v;
	else if (size == 0)
		*(uint32_t *)p = (uint32_t)v;
	else
		*(uint64_t *)p = v;
}

/* %[...] with ranges and ^ */
static const char *char_set(const char *f, uint8_t set[256])
{
	int invert = *f == '^', c, i;

	f += invert;
	memset(set, 0, 256);
	do {
		c = (unsigned char)*f++;
		if (*f == '-' && f[1] && f[1] != ']') {
			for (; c <= (unsigned char)f[1]; c++)
				set[c] = 1;
			f += 2;
		} else {
			set[c] = 1;
		}
	} while (*f && *f != ']');
	for (i = 0; invert && i < 256; i++)
		set[i] = !set[i];
	return *f ? f + 1 : f;
}

int vsscanf(const char *s, const char *fmt, va_list ap)
{
	const char *begin = s;
	int n = 0;

	while (*fmt) {
		int skip = 0, width, size = 0, base = 10, i;
		uint8_t set[256];
		char num[72], *end, *dst, conv;

		if (isspace((unsigned char)*fmt)) {
			while (isspace((unsigned char)*s))
				s++;
			fmt++;
			continue;
		}
		if (*fmt != '%') {
			if (*s++ != *fmt++)
				return n;
			continue;
		}
		fmt++;
		if (*fmt == '*') {
			skip = 1;
			fmt++;
		}
		width = isdigit((unsigned char)*fmt) ? (int)strtol(fmt, (char **)&fmt, 10) : 0;
		for (; *fmt == 'h' || *fmt == 'l' || *fmt == 'z'; fmt++)
			size += *fmt == 'h' ? -1 : 1;
		conv = *fmt++;
		if (conv != 'c' && conv != '[' && conv != 'n')
			while (isspace((unsigned char)*s))
				s++;
		switch (conv) {
		case 'n':
			*va_arg(ap, int *) = (int)(s - begin);
			continue;
		case '%':
			if (*s++ != '%')
				return n;
			continue;
		case 'c':
			dst = skip ? NULL : va_arg(ap, char *);
			for (i = 0; i < (width ? width : 1); i++) {
				if (!*s)
					return n;
				if (dst)
					*dst++ = *s;
				s++;
			}
			break;
		case 's':
		case '[':
			if (conv == '[') {
				fmt = char_set(fmt, set);
			} else {
				for (i = 0; i < 256; i++)
					set[i] = !isspace(i);
			}
			set[0] = 0;
			dst = skip ? NULL : va_arg(ap, char *);
			for (i = 0; set[(unsigned char)*s] && (!width || i < width); i++, s++)
				if (dst)
					dst[i] = *s;
			if (!i)
				return n;
			if (dst)
				dst[i] = 0;
			break;
		case 'i':
			base = 0;
			/* fallthrough */
		case 'd':
		case 'u':
		case 'x':
		case 'o':
			if (conv == 'x')
				base = 16;
			if (conv == 'o')
				base = 8;
			strlcpy(num, s, width && width < 71 ? (size_t)width + 1 : sizeof(num));
			if (conv == 'u' || conv == 'x') {
				uint64_t v = strtoul(num, &end, base);

				if (end != num && !skip)
					store(va_arg(ap, void *), size, v);
			} else {
				int64_t v = strtol(num, &end, base);

				if (end != num && !skip)
					store(va_arg(ap, void *), size, (uint64_t)v);
			}
			if (end == num)
				return n;
			s += end - num;
			break;
		default:
			return n;
		}
		n += !skip;
	}
	return n;
}

int sscanf(const char *s, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vsscanf(s, fmt, ap);
	va_end(ap);
	return rc;
}
