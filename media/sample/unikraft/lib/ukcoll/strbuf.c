/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/coll.h>

void uk_strbuf_init(struct uk_strbuf *b)
{
	memset(b, 0, sizeof(*b));
}

void uk_strbuf_free(struct uk_strbuf *b)
{
	free(b->s);
	uk_strbuf_init(b);
}

static int reserve(struct uk_strbuf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 64;
	char *s;

	if (b->failed)
		return -1;
	if (b->len + n + 1 <= b->cap)
		return 0;
	while (cap < b->len + n + 1)
		cap += cap / 2;
	s = realloc(b->s, cap);
	if (!s) {
		b->failed = 1;
		return -1;
	}
	b->s = s;
	b->cap = cap;
	return 0;
}

void uk_strbuf_put(struct uk_strbuf *b, const void *s, size_t n)
{
	if (reserve(b, n))
		return;
	memcpy(b->s + b->len, s, n);
	b->len += n;
	b->s[b->len] = 0;
}

void uk_strbuf_puts(struct uk_strbuf *b, const char *s)
{
	uk_strbuf_put(b, s, strlen(s));
}

void uk_strbuf_putc(struct uk_strbuf *b, char c)
{
	uk_strbuf_put(b, &c, 1);
}

void uk_strbuf_printf(struct uk_strbuf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

void uk_strbuf_cut(struct uk_strbuf *b, size_t at, size_t n)
{
	if (at >= b->len)
		return;
	if (n > b->len - at)
		n = b->len - at;
	memmove(b->s + at, b->s + at + n, b->len - at - n + 1);
	b->len -= n;
}

size_t uk_strbuf_replace(struct uk_strbuf *b, const char *from, const char *to)
{
	size_t nf = strlen(from), nt = strlen(to), at = 0, count = 0;
	char *hit;

	while (nf && b->s && (hit = memmem(b->s + at, b->len - at, from, nf))) {
		at = (size_t)(hit - b->s);
		if (nt > nf && reserve(b, nt - nf))
			break;
		memmove(b->s + at + nt, b->s + at + nf, b->len - at - nf + 1);
		memcpy(b->s + at, to, nt);
		b->len = b->len - nf + nt;
		at += nt;
		count++;
	}
	return count;
}
