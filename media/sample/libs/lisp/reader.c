/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "lisp_priv.h"

static void skip(const char **s)
{
	for (;; ++*s) {
		if (**s == ';')
			while (**s && **s != '\n')
				++*s;
		if (!**s || !isspace((unsigned char)**s))
			return;
	}
}

static lval list(struct lisp *l, const char **s)
{
	int mark = lisp__push(l, l->nil);
	lval head = l->nil, tail = l->nil, v, c;

	for (;;) {
		skip(s);
		if (!**s) {
			lisp__fail(l, "unexpected end of text");
			break;
		}
		if (**s == ')') {
			++*s;
			break;
		}
		if (**s == '.' && isspace((unsigned char)(*s)[1])) {
			++*s;
			v = lisp__read(l, s);
			if (tail->type != L_CONS)
				lisp__fail(l, "nothing before the dot");
			else
				tail->cdr = v;
			skip(s);
			if (*(*s)++ != ')')
				lisp__fail(l, "more than one value behind the dot");
			break;
		}
		v = lisp__read(l, s);
		if (l->failed)
			break;
		c = lisp__cons(l, v, l->nil);
		if (head->type == L_NIL)
			head = l->roots[mark] = c;
		else
			tail->cdr = c;
		tail = c;
	}
	lisp__pop(l, mark);
	return l->failed ? l->nil : head;
}

static lval string(struct lisp *l, const char **s)
{
	struct uk_strbuf b;
	lval v;

	uk_strbuf_init(&b);
	while (**s && **s != '"') {
		char c = *(*s)++;

		if (c == '\\' && **s) {
			c = *(*s)++;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c;
		}
		uk_strbuf_putc(&b, c);
	}
	if (!**s)
		lisp__fail(l, "string without end");
	else
		++*s;
	v = lisp__string(l, b.s ? b.s : "", b.len);
	uk_strbuf_free(&b);
	return v;
}

static lval atom(struct lisp *l, const char **s)
{
	const char *start = *s;
	size_t n;
	char *end;
	int64_t i;
	double f;

	while (**s && !isspace((unsigned char)**s) && !strchr("()'\"`,;", **s))
		++*s;
	n = (size_t)(*s - start);
	i = strtol(start, &end, 10);
	if (end == *s && (isdigit((unsigned char)end[-1])))
		return lisp__int(l, i);
	f = strtod(start, &end);
	if (end == *s && isdigit((unsigned char)start[n - 1]))
		return lisp__float(l, f);
	if (n == 2 && start[0] == '#')
		return lisp__bool(l, start[1] == 't');
	if (n == 3 && !memcmp(start, "nil", 3))
		return l->nil;
	return lisp__symbol(l, start, n);
}

static lval wrapped(struct lisp *l, const char **s, lval symbol)
{
	lval v = lisp__read(l, s);

	return lisp__cons(l, symbol, lisp__cons(l, v, l->nil));
}

lval lisp__read(struct lisp *l, const char **s)
{
	skip(s);
	switch (**s) {
	case 0:
		return lisp__fail(l, "unexpected end of text");
	case '(':
		++*s;
		return list(l, s);
	case ')':
		++*s;
		return lisp__fail(l, "unexpected )");
	case '\'':
		++*s;
		return wrapped(l, s, l->quote);
	case '`':
		++*s;
		return wrapped(l, s, l->quasi);
	case ',':
		++*s;
		if (**s == '@') {
			++*s;
			return wrapped(l, s, l->splice);
		}
		return wrapped(l, s, l->unquote);
	case '"':
		++*s;
		return string(l, s);
	default:
		return atom(l, s);
	}
}

int lisp_run(struct lisp *l, const char *text, struct uk_strbuf *out)
{
	int mark = l->nroots;
	lval v = l->nil;

	l->failed = 0;
	l->depth = 0;
	for (skip(&text); *text && !l->failed; skip(&text)) {
		v = lisp__read(l, &text);
		if (l->failed)
			break;
		lisp__push(l, v);
		v = lisp__eval(l, v, l->nil);
		lisp__pop(l, mark);
	}
	lisp__push(l, v);
	if (out && !l->failed)
		lisp__print(l, v, out, 1);
	if (out && l->failed)
		uk_strbuf_printf(out, "error: %s", l->error);
	lisp__pop(l, mark);
	return l->failed ? -1 : 0;
}
