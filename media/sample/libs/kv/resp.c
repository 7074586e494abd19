/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdlib.h>
#include <string.h>
#include <kv.h>

static long number(const char *s, size_t n, int64_t *v)
{
	const char *eol = memmem(s, n, "\r\n", 2);
	char *end;

	if (!eol)
		return n > 24 ? -1 : 0;
	*v = strtol(s, &end, 10);
	return end == eol && end != s ? eol + 2 - s : -1;
}

long resp_parse(const char *s, size_t n, struct kv_args *a)
{
	size_t at;
	int64_t count, len;
	long k;

	a->argc = 0;
	if (!n)
		return 0;
	if (*s != '*') { /* inline: words in a line */
		const char *eol = memmem(s, n, "\r\n", 2), *p = s;

		if (!eol)
			return n > 1024 ? -1 : 0;
		while (p < eol && a->argc < 16) {
			while (p < eol && *p == ' ')
				p++;
			if (p == eol)
				break;
			a->v[a->argc] = p;
			while (p < eol && *p != ' ')
				p++;
			a->n[a->argc] = (size_t)(p - a->v[a->argc]);
			a->argc++;
		}
		return eol + 2 - s;
	}
	k = number(s + 1, n - 1, &count);
	if (k <= 0)
		return k;
	if (count < 1 || count > 16)
		return -1;
	for (at = 1 + (size_t)k; count--; a->argc++) {
		if (at >= n)
			return 0;
		if (s[at] != '$')
			return -1;
		k = number(s + at + 1, n - at - 1, &len);
		if (k <= 0)
			return k;
		if (len < 0 || len > 65536)
			return -1;
		at += 1 + (size_t)k;
		if (n - at < (size_t)len + 2)
			return 0;
		a->v[a->argc] = s + at;
		a->n[a->argc] = (size_t)len;
		at += (size_t)len;
		if (memcmp(s + at, "\r\n", 2))
			return -1;
		at += 2;
	}
	return (long)at;
}

/* "SET key value" as a client would send it */
void resp_command(struct uk_strbuf *out, const char *line)
{
	const char *p;
	int n = 0;

	for (p = line; *p; p += strspn(p, " "), n++)
		p += strcspn(p, " ");
	resp_array(out, n);
	for (p = line; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		resp_bulk(out, p, len);
		p += len;
	}
}

void resp_simple(struct uk_strbuf *out, const char *s)
{
	uk_strbuf_printf(out, "+%s\r\n", s);
}

void resp_error(struct uk_strbuf *out, const char *s)
{
	uk_strbuf_printf(out, "-ERR %s\r\n", s);
}

void resp_int(struct uk_strbuf *out, int64_t v)
{
	uk_strbuf_printf(out, ":%ld\r\n", v);
}

void resp_bulk(struct uk_strbuf *out, const void *s, size_t n)
{
	uk_strbuf_printf(out, "$%zu\r\n", n);
	uk_strbuf_put(out, s, n);
	uk_strbuf_puts(out, "\r\n");
}

void resp_nil(struct uk_strbuf *out)
{
	uk_strbuf_puts(out, "$-1\r\n");
}

void resp_array(struct uk_strbuf *out, int n)
{
	uk_strbuf_printf(out, "*%d\r\n", n);
}

long resp_format(const char *s, size_t n, struct uk_strbuf *out)
{
	const char *eol = memmem(s, n, "\r\n", 2);
	size_t at;
	int64_t v;
	long k;

	if (!eol)
		return 0;
	at = (size_t)(eol + 2 - s);
	v = strtol(s + 1, NULL, 10);
	switch (*s) {
	case '+':
	case '-':
	case ':':
		uk_strbuf_put(out, s + (*s != '-'), (size_t)(eol - s) - (*s != '-'));
		return (long)at;
	case '$':
		if (v < 0) {
			uk_strbuf_puts(out, "(nil)");
			return (long)at;
		}
		if (n - at < (size_t)v + 2)
			return 0;
		uk_strbuf_printf(out, "\"%.*s\"", (int)v, s + at);
		return (long)(at + (size_t)v + 2);
	case '*':
		uk_strbuf_putc(out, '[');
		for (; v > 0; v--) {
			k = resp_format(s + at, n - at, out);
			if (k <= 0)
				return k;
			at += (size_t)k;
			if (v > 1)
				uk_strbuf_puts(out, ", ");
		}
		uk_strbuf_putc(out, ']');
		return (long)at;
	}
	return -1;
}
