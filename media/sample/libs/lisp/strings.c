/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "lisp_priv.h"

static lval finish(struct lisp *l, struct uk_strbuf *b)
{
	lval v = lisp__string(l, b->s ? b->s : "", b->len);

	uk_strbuf_free(b);
	return v;
}

static lval str(struct lisp *l, lval a)
{
	struct uk_strbuf b;

	uk_strbuf_init(&b);
	for (; a->type == L_CONS; a = a->cdr)
		lisp__print(l, a->car, &b, 0);
	return finish(l, &b);
}

static lval substr(struct lisp *l, lval a)
{
	lval s = arg0(l, a), from = arg1(l, a), n = arg2(l, a);
	size_t at, len;

	if (s->type != L_STRING || from->type != L_INT || n->type != L_INT)
		return lisp__fail(l, "substring needs a string and two integers");
	at = from->i < 0 ? 0 : (size_t)from->i < s->len ? (size_t)from->i : s->len;
	len = n->i < 0 ? 0 : (size_t)n->i < s->len - at ? (size_t)n->i : s->len - at;
	return lisp__string(l, s->s + at, len);
}

static lval upcase(struct lisp *l, lval a)
{
	lval s = arg0(l, a);
	struct uk_strbuf b;
	size_t i;

	if (s->type != L_STRING)
		return lisp__fail(l, "upcase needs a string");
	uk_strbuf_init(&b);
	for (i = 0; i < s->len; i++)
		uk_strbuf_putc(&b, (char)toupper((unsigned char)s->s[i]));
	return finish(l, &b);
}

static lval split(struct lisp *l, lval a)
{
	lval s = arg0(l, a), sep = arg1(l, a), out = l->nil, *tail = &out, part;
	int mark = lisp__push(l, a), slot = lisp__push(l, out);
	const char *p, *hit;

	if (s->type != L_STRING || sep->type != L_STRING || !sep->len) {
		lisp__pop(l, mark);
		return lisp__fail(l, "split needs two strings");
	}
	for (p = s->s;; p = hit + sep->len) {
		hit = strstr(p, sep->s);
		part = lisp__string(l, p, hit ? (size_t)(hit - p) : strlen(p));
		*tail = lisp__cons(l, part, l->nil);
		l->roots[slot] = out;
		tail = &(*tail)->cdr;
		if (!hit)
			break;
	}
	lisp__pop(l, mark);
	return out;
}

static lval number(struct lisp *l, lval a)
{
	lval s = arg0(l, a);
	char *end;
	int64_t i;
	double f;

	if (s->type != L_STRING)
		return lisp__fail(l, "number of no string");
	i = strtol(s->s, &end, 10);
	if (end == s->s + s->len && s->len)
		return lisp__int(l, i);
	f = strtod(s->s, &end);
	return end == s->s + s->len && s->len ? lisp__float(l, f) : l->f;
}

static lval symbol(struct lisp *l, lval a)
{
	lval s = arg0(l, a);

	return s->type == L_STRING ? lisp__symbol(l, s->s, s->len) : lisp__fail(l, "symbol of no string");
}

void lisp__strings(struct lisp *l)
{
	lisp_define(l, "str", str);
	lisp_define(l, "substring", substr);
	lisp_define(l, "upcase", upcase);
	lisp_define(l, "split", split);
	lisp_define(l, "string->number", number);
	lisp_define(l, "string->symbol", symbol);
}
