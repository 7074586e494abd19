/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <uk/print.h>

static size_t put(char *line, size_t at, size_t cap, const char *s)
{
	return at + strlcpy(line + at, s, cap - at);
}

void uk_hexdump(const void *data, size_t len, int flags, unsigned int columns, const char *prefix)
{
	const unsigned char *p = data;
	char line[256], cell[24];
	size_t off, i;

	if (!columns || columns > 32)
		columns = 16;
	for (off = 0; off < len; off += columns) {
		size_t at = put(line, 0, sizeof(line), prefix ? prefix : "");

		if (flags & UK_HEXDUMP_OFFSET) {
			snprintf(cell, sizeof(cell), "%06zx  ", off);
			at = put(line, at, sizeof(line), cell);
		}
		for (i = 0; i < columns; i++) {
			int last = (flags & UK_HEXDUMP_GROUP4) ? i % 4 == 3 : 1;

			if (off + i < len)
				snprintf(cell, sizeof(cell), "%02x%s", p[off + i], last ? " " : "");
			else
				snprintf(cell, sizeof(cell), "  %s", last ? " " : "");
			at = put(line, at, sizeof(line), cell);
		}
		if (flags & UK_HEXDUMP_ASCII) {
			line[at++] = '|';
			for (i = 0; i < columns && off + i < len; i++)
				line[at++] = isprint(p[off + i]) ? (char)p[off + i] : '.';
			line[at++] = '|';
		}
		line[at] = 0;
		puts(line);
	}
}
