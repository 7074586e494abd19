/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <regex.h>
#include <string.h>

static void expand(const struct regex_match *m, const char *with, struct uk_strbuf *out)
{
	for (; *with; with++) {
		int g;

		if (*with != '$' || !isdigit((unsigned char)with[1])) {
			uk_strbuf_putc(out, *with);
			continue;
		}
		g = *++with - '0';
		if (g < m->groups && m->start[g] && m->end[g])
			uk_strbuf_put(out, m->start[g], (size_t)(m->end[g] - m->start[g]));
	}
}

int regex_replace(const struct regex *r, const char *s, const char *with, struct uk_strbuf *out)
{
	struct regex_match m;
	int n = 0;

	while (regex_search(r, s, strlen(s), &m) == 1) {
		uk_strbuf_put(out, s, (size_t)(m.start[0] - s));
		expand(&m, with, out);
		n++;
		if (m.end[0] == m.start[0]) {
			if (!*m.end[0])
				return n;
			uk_strbuf_putc(out, *m.end[0]);
			s = m.end[0] + 1;
		} else {
			s = m.end[0];
		}
	}
	uk_strbuf_puts(out, s);
	return n;
}

int regex_split(const struct regex *r, const char *s, void (*fn)(const char *s, size_t n, void *arg),
		void *arg)
{
	struct regex_match m;
	int n = 1;

	while (regex_search(r, s, strlen(s), &m) == 1 && m.end[0] > m.start[0]) {
		fn(s, (size_t)(m.start[0] - s), arg);
		s = m.end[0];
		n++;
	}
	fn(s, strlen(s), arg);
	return n;
}
