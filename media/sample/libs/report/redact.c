/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include "report_priv.h"

static const struct {
	const char *pattern, *with;
} rules[] = {
	{ "(password|secret|token)=[^ ;&]+", "$1=***" },
	{ "[a-z0-9._]+@[a-z0-9]+(\\.[a-z]+)+", "***@***" },
	{ "\\b[0-9]{4} [0-9]{4} [0-9]{4} [0-9]{4}\\b", "**** **** **** ****" },
};

int report__redact(const char *text, struct uk_strbuf *out)
{
	struct regex *rx = malloc(sizeof(*rx));
	struct uk_strbuf now, next;
	unsigned int i;
	int found = 0, n;

	if (!rx)
		return -ENOMEM;
	uk_strbuf_init(&now);
	uk_strbuf_puts(&now, text);
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (regex_compile(rx, rules[i].pattern, REGEX_ICASE))
			continue;
		uk_strbuf_init(&next);
		n = regex_replace(rx, now.s, rules[i].with, &next);
		if (n > 0)
			found += n;
		uk_strbuf_free(&now);
		now = next;
	}
	uk_strbuf_put(out, now.s, now.len);
	uk_strbuf_free(&now);
	free(rx);
	return found;
}
