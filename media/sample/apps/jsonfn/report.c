/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include "jsonfn.h"

struct context {
	const struct json *rows;
	int index;
	char buf[32];
};

static const char *value(const char *name, void *arg)
{
	struct context *c = arg;
	const struct json *v = json_get(json_at(c->rows, (size_t)c->index), name);

	if (!strcmp(name, "nr")) {
		snprintf(c->buf, sizeof(c->buf), "%d", c->index + 1);
		return c->buf;
	}
	if (!v)
		return "?";
	switch (v->type) {
	case JSON_STRING:
		return v->str.s;
	case JSON_NUMBER:
		return v->text;
	case JSON_INT:
		snprintf(c->buf, sizeof(c->buf), "%ld", v->integer);
		return c->buf;
	case JSON_BOOL:
		return v->boolean ? "yes" : "no";
	default:
		return "-";
	}
}

static int count(const char *name, void *arg)
{
	struct context *c = arg;
	const struct json *v;

	if (!strcmp(name, "rows"))
		return (int)json_size(c->rows);
	v = json_get(json_at(c->rows, (size_t)c->index), name);
	return v && v->type == JSON_BOOL ? v->boolean : v != NULL;
}

static void select(const char *name, int index, void *arg)
{
	if (!strcmp(name, "rows"))
		((struct context *)arg)->index = index;
}

void report(const struct json *rows)
{
	static const struct template_ops ops = { value, count, select };
	struct context c = { rows, 0, "" };
	struct uk_strbuf out;

	uk_strbuf_init(&out);
	if (template_render("<ol>\n{{#rows}}  <li>{{nr}}. {{name}}: {{size}}"
			    "{{#stock}} (in stock){{/stock}}{{^stock}} (sold out){{/stock}}</li>\n{{/rows}}</ol>",
			    &ops, &c, &out))
		printf("bad template\n");
	else
		printf("%s\n", out.s);
	uk_strbuf_free(&out);
}
