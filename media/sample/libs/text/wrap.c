/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <text.h>

void text_wrap(const char *s, size_t width, struct uk_strbuf *out)
{
	size_t col = 0;

	while (*s) {
		size_t n;

		s += strspn(s, " \n\t");
		n = strcspn(s, " \n\t");
		if (!n)
			break;
		if (col && col + 1 + n > width) {
			uk_strbuf_putc(out, '\n');
			col = 0;
		}
		if (col) {
			uk_strbuf_putc(out, ' ');
			col++;
		}
		uk_strbuf_put(out, s, n);
		col += n;
		s += n;
	}
	uk_strbuf_putc(out, '\n');
}

void text_table(const char *const *cells, int rows, int cols, struct uk_strbuf *out)
{
	int width[16] = { 0 }, r, c;

	for (r = 0; r < rows; r++)
		for (c = 0; c < cols && c < 16; c++)
			if ((int)strlen(cells[r * cols + c]) > width[c])
				width[c] = (int)strlen(cells[r * cols + c]);
	for (r = 0; r < rows; r++) {
		for (c = 0; c < cols; c++)
			uk_strbuf_printf(out, "%s%-*s", c ? " | " : "", c == cols - 1 ? 0 : width[c],
					 cells[r * cols + c]);
		uk_strbuf_putc(out, '\n');
		if (r == 0) {
			for (c = 0; c < cols; c++) {
				int k;

				uk_strbuf_puts(out, c ? "-+-" : "");
				for (k = 0; k < width[c]; k++)
					uk_strbuf_putc(out, '-');
			}
			uk_strbuf_putc(out, '\n');
		}
	}
}
