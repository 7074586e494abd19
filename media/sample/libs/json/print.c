/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct out {
	char *buf;
	size_t len, cap;
	int indent, failed;
};

static void put(struct out *o, const char *s, size_t n)
{
	if (o->len + n + 1 > o->cap) {
		size_t cap = (o->len + n + 1) * 2;
		char *b = realloc(o->buf, cap);

		if (!b) {
			o->failed = 1;
			return;
		}
		o->buf = b;
		o->cap = cap;
	}
	memcpy(o->buf + o->len, s, n);
	o->len += n;
}

static void puts_(struct out *o, const char *s)
{
	put(o, s, strlen(s));
}

static void newline(struct out *o, int depth)
{
	int i;

	if (o->indent < 0)
		return;
	put(o, "\n", 1);
	for (i = 0; i < depth * o->indent; i++)
		put(o, " ", 1);
}

static void string(struct out *o, const char *s, size_t n)
{
	char esc[8];

	put(o, "\"", 1);
	for (; n--; s++) {
		unsigned char c = (unsigned char)*s;

		switch (c) {
		case '"': puts_(o, "\\\""); break;
		case '\\': puts_(o, "\\\\"); break;
		case '\n': puts_(o, "\\n"); break;
		case '\r': puts_(o, "\\r"); break;
		case '\t': puts_(o, "\\t"); break;
		case '\b': puts_(o, "\\b"); break;
		case '\f': puts_(o, "\\f"); break;
		default:
			if (c < 0x20) {
				snprintf(esc, sizeof(esc), "\\u%04x", c);
				puts_(o, esc);
			} else {
				put(o, s, 1);
			}
		}
	}
	put(o, "\"", 1);
}

static void value(struct out *o, const struct json *v, int depth)
{
	char num[24];
	size_t i;

	switch (v->type) {
	case JSON_NULL:
		puts_(o, "null");
		break;
	case JSON_BOOL:
		puts_(o, v->boolean ? "true" : "false");
		break;
	case JSON_INT:
		snprintf(num, sizeof(num), "%ld", v->integer);
		puts_(o, num);
		break;
	case JSON_NUMBER:
		puts_(o, v->text);
		break;
	case JSON_STRING:
		string(o, v->str.s, v->str.len);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		put(o, v->type == JSON_ARRAY ? "[" : "{", 1);
		for (i = 0; i < v->list.n; i++) {
			if (i)
				put(o, ",", 1);
			newline(o, depth + 1);
			if (v->type == JSON_OBJECT) {
				string(o, v->list.keys[i], strlen(v->list.keys[i]));
				put(o, ": ", o->indent < 0 ? 1 : 2);
			}
			value(o, v->list.items[i], depth + 1);
		}
		if (v->list.n)
			newline(o, depth);
		put(o, v->type == JSON_ARRAY ? "]" : "}", 1);
		break;
	}
}

long json_print(const struct json *v, int indent, char **out)
{
	struct out o = { .indent = indent };

	value(&o, v, 0);
	if (o.failed) {
		free(o.buf);
		*out = NULL;
		return -1;
	}
	o.buf[o.len] = 0;
	*out = o.buf;
	return (long)o.len;
}
