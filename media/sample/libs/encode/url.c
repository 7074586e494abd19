/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <encode.h>
#include <string.h>

static size_t put(char *out, size_t cap, size_t n, const char *s, size_t k)
{
	if (n + k < cap)
		memcpy(out + n, s, k);
	return n + k;
}

static size_t end(char *out, size_t cap, size_t n)
{
	if (cap)
		out[n < cap ? n : cap - 1] = 0;
	return n;
}

size_t url_encode(const char *s, size_t n, char *out, size_t cap)
{
	size_t len = 0;

	for (; n--; s++) {
		char esc[3] = { '%' };
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || (c && strchr("-_.~", c))) {
			len = put(out, cap, len, s, 1);
		} else {
			esc[1] = "0123456789ABCDEF"[c >> 4];
			esc[2] = "0123456789ABCDEF"[c & 15];
			len = put(out, cap, len, esc, 3);
		}
	}
	return end(out, cap, len);
}

long url_decode(const char *s, size_t n, char *out, size_t cap)
{
	size_t len = 0;
	uint8_t v;

	for (; n; s++, n--) {
		if (*s == '%') {
			if (n < 3 || hex_decode(s + 1, 2, &v, 1) != 1)
				return -1;
			len = put(out, cap, len, (char *)&v, 1);
			s += 2;
			n -= 2;
		} else {
			len = put(out, cap, len, *s == '+' ? " " : s, 1);
		}
	}
	return (long)end(out, cap, len);
}

/* The first value of key in a=1&b=2; -1 if there is none. */
int url_query_get(const char *query, const char *key, char *out, size_t cap)
{
	size_t k = strlen(key);

	while (query && *query) {
		size_t n = strcspn(query, "&");

		if (n >= k && !strncmp(query, key, k) && (n == k || query[k] == '=')) {
			const char *v = n == k ? query + k : query + k + 1;

			return (int)url_decode(v, (size_t)(query + n - v), out, cap);
		}
		query += n + (query[n] == '&');
	}
	return -1;
}

size_t html_escape(const char *s, size_t n, char *out, size_t cap)
{
	size_t len = 0;

	for (; n--; s++) {
		const char *e = s;
		size_t k = 1;

		switch (*s) {
		case '<': e = "&lt;"; k = 4; break;
		case '>': e = "&gt;"; k = 4; break;
		case '&': e = "&amp;"; k = 5; break;
		case '"': e = "&quot;"; k = 6; break;
		case '\'': e = "&#39;"; k = 5; break;
		}
		len = put(out, cap, len, e, k);
	}
	return end(out, cap, len);
}
