/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/console.h>

int vprintf(const char *fmt, va_list ap)
{
	char line[512], *p = line;
	int n = vsnprintf(line, sizeof(line), fmt, ap);

	/* rare: longer than the buffer on the stack */
	if (n >= (int)sizeof(line)) {
		p = malloc((size_t)n + 1);
		if (!p) {
			p = line;
			n = sizeof(line) - 1;
		} else {
			vsnprintf(p, (size_t)n + 1, fmt, ap);
		}
	}
	uk_console_out(p, (size_t)n);
	if (p != line)
		free(p);
	return n;
}

int printf(const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vprintf(fmt, ap);
	va_end(ap);
	return n;
}

int puts(const char *s)
{
	uk_console_out(s, strlen(s));
	uk_console_out("\n", 1);
	return 0;
}

int putchar(int c)
{
	char ch = (char)c;

	uk_console_out(&ch, 1);
	return c;
}
