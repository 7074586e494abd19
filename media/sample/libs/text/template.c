/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <text.h>

static void escape(struct uk_strbuf *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<': uk_strbuf_puts(out, "&lt;"); break;
		case '>': uk_strbuf_puts(out, "&gt;"); break;
		case '&': uk_strbuf_puts(out, "&amp;"); break;
		case '"': uk_strbuf_puts(out, "&quot;"); break;
		default: uk_strbuf_putc(out, *s);
		}
	}
}

static const char *tag(const char *p, char *name, size_t cap)
{
	const char *end = strstr(p, "}}");
	size_t n;

	if (!end)
		return NULL;
	while (*p == ' ')
		p++;
	for (n = (size_t)(end - p); n && p[n - 1] == ' '; n--)
		;
	strlcpy(name, p, n + 1 < cap ? n + 1 : cap);
	return end + 2;
}

/* The place behind {{/name}} and where that tag begins. */
static const char *closing(const char *p, const char *name, const char **body_end)
{
	char other[48];
	int depth = 1;

	while ((p = strstr(p, "{{"))) {
		const char *open = p;
		char kind = p[2];

		p = tag(p + 2 + (kind == '#' || kind == '^' || kind == '/'), other, sizeof(other));
		if (!p)
			return NULL;
		if (strcmp(other, name))
			continue;
		if (kind == '#' || kind == '^')
			depth++;
		if (kind == '/' && !--depth) {
			*body_end = open;
			return p;
		}
	}
	return NULL;
}

static int render(const char *p, const char *end, const struct template_ops *ops, void *ctx,
		  struct uk_strbuf *out)
{
	const char *open, *body_end, *v;
	char name[48], kind;
	int i, n;

	while (p < end) {
		open = strstr(p, "{{");
		if (!open || open >= end) {
			uk_strbuf_put(out, p, (size_t)(end - p));
			return 0;
		}
		uk_strbuf_put(out, p, (size_t)(open - p));
		kind = open[2];
		p = tag(open + 2 + (kind && strchr("#^/!{", kind) != NULL), name, sizeof(name));
		if (!p)
			return -1;
		switch (kind) {
		case '!':
			break;
		case '{':
			p += *p == '}';
			v = ops->value(name, ctx);
			uk_strbuf_puts(out, v ? v : "");
			break;
		case '/':
			return -1;
		case '#':
		case '^':
			open = p;
			p = closing(p, name, &body_end);
			if (!p)
				return -1;
			n = ops->count(name, ctx);
			if (kind == '^')
				n = n == 0;
			for (i = 0; i < n; i++) {
				if (kind == '#')
					ops->select(name, i, ctx);
				if (render(open, body_end, ops, ctx, out))
					return -1;
			}
			break;
		default:
			v = ops->value(name, ctx);
			escape(out, v ? v : "");
		}
	}
	return 0;
}

int template_render(const char *text, const struct template_ops *ops, void *ctx, struct uk_strbuf *out)
{
	return render(text, text + strlen(text), ops, ctx, out);
}
