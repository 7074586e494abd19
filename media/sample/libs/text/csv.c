/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <text.h>

int csv_parse(const char *s, size_t n, char sep,
	      void (*fn)(const char *field, size_t len, int row, int col, void *arg), void *arg)
{
	enum { START, PLAIN, QUOTED, QUOTE } st = START;
	struct uk_strbuf f;
	int row = 0, col = 0;
	size_t i;

	uk_strbuf_init(&f);
	uk_strbuf_puts(&f, "");
	for (i = 0; i <= n; i++) {
		int end = i == n;
		char c = end ? '\n' : s[i];

		if (st == QUOTED) {
			if (end) {
				uk_strbuf_free(&f);
				return -1;
			}
			if (c == '"')
				st = QUOTE;
			else
				uk_strbuf_putc(&f, c);
			continue;
		}
		if (st == QUOTE && c == '"') {
			uk_strbuf_putc(&f, c);
			st = QUOTED;
			continue;
		}
		if (c == '\r' && i + 1 < n && s[i + 1] == '\n')
			continue;
		if (c == sep || c == '\n') {
			if (end && !col && !f.len && st == START)
				break;
			fn(f.s, f.len, row, col, arg);
			f.len = 0;
			f.s[0] = 0;
			st = START;
			col++;
			if (c == '\n') {
				fn(NULL, 0, row++, col, arg);
				col = 0;
			}
			continue;
		}
		if (st == QUOTE) {
			uk_strbuf_free(&f);
			return -1;
		}
		if (c == '"' && st == START) {
			st = QUOTED;
			continue;
		}
		uk_strbuf_putc(&f, c);
		st = PLAIN;
	}
	uk_strbuf_free(&f);
	return row;
}

void csv_write(struct uk_strbuf *out, const char *field, int last)
{
	if (strpbrk(field, ",\"\r\n")) {
		uk_strbuf_putc(out, '"');
		for (; *field; field++) {
			if (*field == '"')
				uk_strbuf_putc(out, '"');
			uk_strbuf_putc(out, *field);
		}
		uk_strbuf_putc(out, '"');
	} else {
		uk_strbuf_puts(out, field);
	}
	uk_strbuf_putc(out, last ? '\n' : ',');
}
