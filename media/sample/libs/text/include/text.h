/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <uk/coll.h>

/* CSV of RFC 4180: fn is called for each field and, with row ends, for NULL. */
int csv_parse(const char *s, size_t n, char sep,
	      void (*fn)(const char *field, size_t len, int row, int col, void *arg), void *arg);
void csv_write(struct uk_strbuf *out, const char *field, int last);

struct ini;
struct ini *ini_parse(const char *s, int *bad_line);
const char *ini_get(const struct ini *i, const char *section, const char *key, const char *fallback);
long ini_get_int(const struct ini *i, const char *section, const char *key, long fallback);
int ini_get_bool(const struct ini *i, const char *section, const char *key, int fallback);
void ini_free(struct ini *i);

/* {{name}} {{{raw}}} {{#section}}..{{/section}} {{^inverted}}..{{/inverted}} */
struct template_ops {
	const char *(*value)(const char *name, void *ctx);
	/* how often a section is repeated; set the index for value() */
	int (*count)(const char *name, void *ctx);
	void (*select)(const char *name, int index, void *ctx);
};
int template_render(const char *text, const struct template_ops *ops, void *ctx, struct uk_strbuf *out);

/* Differences of two texts by lines: " ", "-" and "+". */
int text_diff(const char *a, const char *b, struct uk_strbuf *out);
int text_distance(const char *a, const char *b);
void text_wrap(const char *s, size_t width, struct uk_strbuf *out);
void text_table(const char *const *cells, int rows, int cols, struct uk_strbuf *out);
