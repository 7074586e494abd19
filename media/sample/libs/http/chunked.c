/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <http.h>
#include <stdlib.h>
#include <string.h>

/* -1 bad, -2 incomplete, else the length of the decoded body */
long http_chunked_decode(const char *s, size_t n, char *out, size_t cap, size_t *used)
{
	const char *p = s, *end = s + n;
	size_t len = 0;

	for (;;) {
		const char *eol = memmem(p, (size_t)(end - p), "\r\n", 2);
		char *stop;
		unsigned long size;

		if (!eol)
			return -2;
		size = strtoul(p, &stop, 16);
		if (stop == p || (stop != eol && *stop != ';'))
			return -1;
		p = eol + 2;
		if (!size)
			break;
		if (size > cap - len)
			return -1;
		if ((size_t)(end - p) < size + 2)
			return -2;
		memcpy(out + len, p, size);
		len += size;
		p += size;
		if (p[0] != '\r' || p[1] != '\n')
			return -1;
		p += 2;
	}
	/* trailers, up to an empty line */
	for (;;) {
		const char *eol = memmem(p, (size_t)(end - p), "\r\n", 2);

		if (!eol)
			return -2;
		if (eol == p)
			break;
		p = eol + 2;
	}
	*used = (size_t)(p + 2 - s);
	return (long)len;
}

void http_chunked_encode(const char *s, size_t n, size_t chunk, struct uk_strbuf *out)
{
	while (n) {
		size_t k = n < chunk ? n : chunk;

		uk_strbuf_printf(out, "%zx\r\n", k);
		uk_strbuf_put(out, s, k);
		uk_strbuf_puts(out, "\r\n");
		s += k;
		n -= k;
	}
	uk_strbuf_puts(out, "0\r\n\r\n");
}
