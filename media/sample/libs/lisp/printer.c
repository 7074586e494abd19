/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/essentials.h>
#include <uk/console.h>
#include "lisp_priv.h"

__weak void lisp_output(const char *s, size_t n)
{
	uk_console_out(s, n);
}

static void string(const char *s, size_t n, struct uk_strbuf *b)
{
	uk_strbuf_putc(b, '"');
	for (; n--; s++) {
		if (*s == '"' || *s == '\\')
			uk_strbuf_putc(b, '\\');
		if (*s == '\n')
			uk_strbuf_puts(b, "\\n");
		else
			uk_strbuf_putc(b, *s);
	}
	uk_strbuf_putc(b, '"');
}

static const char *shorthand(struct lisp *l, lval v)
{
	if (v->cdr->type != L_CONS || v->cdr->cdr->type != L_NIL)
		return NULL;
	if (v->car == l->quote)
		return "'";
	if (v->car == l->quasi)
		return "`";
	if (v->car == l->unquote)
		return ",";
	return v->car == l->splice ? ",@" : NULL;
}

void lisp__print(struct lisp *l, lval v, struct uk_strbuf *b, int quoted)
{
	const char *s;

	switch (v->type) {
	case L_NIL:
		uk_strbuf_puts(b, "()");
		break;
	case L_BOOL:
		uk_strbuf_puts(b, v->i ? "#t" : "#f");
		break;
	case L_INT:
		uk_strbuf_printf(b, "%ld", v->i);
		break;
	case L_FLOAT:
		uk_strbuf_printf(b, "%g", v->f);
		break;
	case L_SYMBOL:
		uk_strbuf_put(b, v->s, v->len);
		break;
	case L_STRING:
		if (quoted)
			string(v->s, v->len, b);
		else
			uk_strbuf_put(b, v->s, v->len);
		break;
	case L_PRIM:
		uk_strbuf_printf(b, "<primitive %s>", v->name);
		break;
	case L_LAMBDA:
	case L_MACRO:
		uk_strbuf_puts(b, v->type == L_LAMBDA ? "<lambda " : "<macro ");
		lisp__print(l, v->params, b, quoted);
		uk_strbuf_putc(b, '>');
		break;
	case L_CONS:
		s = shorthand(l, v);
		if (s) {
			uk_strbuf_puts(b, s);
			lisp__print(l, v->cdr->car, b, quoted);
			break;
		}
		uk_strbuf_putc(b, '(');
		for (; v->type == L_CONS; v = v->cdr) {
			lisp__print(l, v->car, b, quoted);
			if (v->cdr->type == L_CONS)
				uk_strbuf_putc(b, ' ');
		}
		if (v->type != L_NIL) {
			uk_strbuf_puts(b, " . ");
			lisp__print(l, v, b, quoted);
		}
		uk_strbuf_putc(b, ')');
		break;
	}
}
