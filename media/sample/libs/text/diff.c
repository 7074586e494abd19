/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdlib.h>
#include <string.h>
#include <text.h>

#define MAX_LINES 128

static int lines(const char *s, const char **out, size_t *len)
{
	int n = 0;

	while (*s && n < MAX_LINES) {
		out[n] = s;
		len[n] = strcspn(s, "\n");
		s += len[n] + (s[len[n]] == '\n');
		n++;
	}
	return n;
}

static void put(struct uk_strbuf *out, char mark, const char *s, size_t n)
{
	uk_strbuf_putc(out, mark);
	uk_strbuf_put(out, s, n);
	uk_strbuf_putc(out, '\n');
}

/* Longest common subsequence, by table. Gives the number of changed lines. */
int text_diff(const char *a, const char *b, struct uk_strbuf *out)
{
	const char *la[MAX_LINES], *lb[MAX_LINES];
	size_t na[MAX_LINES], nb[MAX_LINES];
	int n = lines(a, la, na), m = lines(b, lb, nb), i, j, changed = 0, w = m + 1;
	uint16_t *t = calloc((size_t)(n + 1) * (size_t)w, sizeof(*t));

	if (!t)
		return -1;
#define SAME(x, y) (na[x] == nb[y] && !memcmp(la[x], lb[y], na[x]))
	for (i = n - 1; i >= 0; i--)
		for (j = m - 1; j >= 0; j--) {
			uint16_t down = t[(i + 1) * w + j], right = t[i * w + j + 1];

			t[i * w + j] = SAME(i, j) ? (uint16_t)(t[(i + 1) * w + j + 1] + 1) :
				       down > right ? down : right;
		}
	for (i = j = 0; i < n || j < m;) {
		if (i < n && j < m && SAME(i, j)) {
			put(out, ' ', la[i], na[i]);
			i++;
			j++;
		} else if (j == m || (i < n && t[(i + 1) * w + j] >= t[i * w + j + 1])) {
			put(out, '-', la[i], na[i]);
			i++;
			changed++;
		} else {
			put(out, '+', lb[j], nb[j]);
			j++;
			changed++;
		}
	}
	free(t);
	return changed;
}

/* Levenshtein, one row at a time */
int text_distance(const char *a, const char *b)
{
	int n = (int)strlen(b), i, j, *row = malloc((size_t)(n + 1) * sizeof(int)), d;

	if (!row)
		return -1;
	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; *a; a++, i++) {
		int diag = row[0];

		row[0] = i;
		for (j = 1; j <= n; j++) {
			int v = diag + (*a != b[j - 1]);

			diag = row[j];
			if (row[j] + 1 < v)
				v = row[j] + 1;
			if (row[j - 1] + 1 < v)
				v = row[j - 1] + 1;
			row[j] = v;
		}
	}
	d = row[n];
	free(row);
	return d;
}
