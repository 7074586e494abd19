/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lisp_priv.h"

static struct lisp_obj nil_obj = { .type = L_NIL };

struct lisp *lisp_new(size_t max)
{
	struct lisp *l = calloc(1, sizeof(*l));
	size_t i;

	if (!l)
		return NULL;
	l->heap = calloc(max, sizeof(*l->heap));
	if (!l->heap) {
		free(l);
		return NULL;
	}
	l->cap = max;
	for (i = max; i--;) {
		l->heap[i].car = l->freelist;
		l->freelist = &l->heap[i];
	}
	l->nil = l->symbols = l->global = &nil_obj;
	l->t = lisp__alloc(l, L_BOOL);
	l->t->i = 1;
	lisp__push(l, l->t);
	l->f = lisp__alloc(l, L_BOOL);
	l->f->i = 0;
	lisp__push(l, l->f);
#define SYM(field, name) l->field = lisp__symbol(l, name, sizeof(name) - 1)
	SYM(quote, "quote");
	SYM(quasi, "quasiquote");
	SYM(unquote, "unquote");
	SYM(splice, "unquote-splicing");
	SYM(lambda, "lambda");
	SYM(define, "define");
	SYM(iff, "if");
	SYM(set, "set!");
	SYM(let, "let");
	SYM(begin, "begin");
	SYM(cond, "cond");
	SYM(and, "and");
	SYM(or, "or");
	SYM(macro, "defmacro");
	SYM(whil, "while");
	SYM(elsee, "else");
	lisp__core(l);
	lisp__lists(l);
	lisp__strings(l);
	lisp_run(l, lisp__prelude, NULL);
	return l;
}

static void clear(struct lisp_obj *o)
{
	if (o->type == L_STRING || o->type == L_SYMBOL)
		free(o->s);
}

void lisp_free(struct lisp *l)
{
	size_t i;

	l->nroots = 0;
	l->global = l->symbols = l->nil;
	for (i = 0; i < l->cap; i++)
		if (l->heap[i].mark != 2)
			clear(&l->heap[i]);
	free(l->heap);
	free(l);
}

/* Along the cdr in a loop, into the rest by recursion. */
static void mark(lval v)
{
	while (v && !v->mark && v->type != L_NIL) {
		v->mark = 1;
		switch (v->type) {
		case L_CONS:
			mark(v->car);
			v = v->cdr;
			break;
		case L_LAMBDA:
		case L_MACRO:
			mark(v->params);
			mark(v->body);
			v = v->env;
			break;
		default:
			return;
		}
	}
}

size_t lisp__gc(struct lisp *l)
{
	size_t i, freed = 0;
	int r;

	l->gcs++;
	mark(l->symbols);
	mark(l->global);
	for (r = 0; r < l->nroots; r++)
		mark(l->roots[r]);
	l->freelist = NULL;
	l->used = 0;
	for (i = l->cap; i--;) {
		struct lisp_obj *o = &l->heap[i];

		if (o->mark == 1) {
			o->mark = 0;
			l->used++;
			continue;
		}
		if (o->type)
			clear(o);
		freed += o->type != 0;
		o->type = 0;
		o->mark = 0;
		o->s = NULL;
		o->car = l->freelist;
		l->freelist = o;
	}
	return freed;
}

lval lisp__alloc(struct lisp *l, int type)
{
	struct lisp_obj *o;

	if (!l->freelist && !lisp__gc(l)) {
		lisp__fail(l, "out of memory");
		return l->nil;
	}
	o = l->freelist;
	l->freelist = o->car;
	memset(o, 0, sizeof(*o));
	o->type = (uint8_t)type;
	l->used++;
	return o;
}

int lisp__push(struct lisp *l, lval v)
{
	if (l->nroots == ROOTS) {
		lisp__fail(l, "too many roots");
		return l->nroots;
	}
	l->roots[l->nroots] = v;
	return l->nroots++;
}

void lisp__pop(struct lisp *l, int to)
{
	l->nroots = to;
}

lval lisp__cons(struct lisp *l, lval a, lval b)
{
	int mark = lisp__push(l, a);
	lval v;

	lisp__push(l, b);
	v = lisp__alloc(l, L_CONS);
	lisp__pop(l, mark);
	if (v->type == L_CONS) {
		v->car = a;
		v->cdr = b;
	}
	return v;
}

lval lisp__int(struct lisp *l, int64_t i)
{
	lval v = lisp__alloc(l, L_INT);

	v->i = i;
	return v;
}

lval lisp__float(struct lisp *l, double f)
{
	lval v = lisp__alloc(l, L_FLOAT);

	v->f = f;
	return v;
}

lval lisp__bool(struct lisp *l, int v)
{
	return v ? l->t : l->f;
}

static lval text(struct lisp *l, int type, const char *s, size_t n)
{
	lval v = lisp__alloc(l, type);

	v->s = malloc(n + 1);
	memcpy(v->s, s, n);
	v->s[n] = 0;
	v->len = n;
	return v;
}

lval lisp__string(struct lisp *l, const char *s, size_t n)
{
	return text(l, L_STRING, s, n);
}

lval lisp__symbol(struct lisp *l, const char *s, size_t n)
{
	lval p, v;

	for (p = l->symbols; p->type == L_CONS; p = p->cdr)
		if (p->car->len == n && !memcmp(p->car->s, s, n))
			return p->car;
	v = text(l, L_SYMBOL, s, n);
	l->symbols = lisp__cons(l, v, l->symbols);
	return v;
}

lval lisp__closure(struct lisp *l, int type, lval params, lval body, lval env)
{
	int mark = lisp__push(l, params);
	lval v;

	lisp__push(l, body);
	lisp__push(l, env);
	v = lisp__alloc(l, type);
	lisp__pop(l, mark);
	v->params = params;
	v->body = body;
	v->env = env;
	return v;
}

lval lisp__fail(struct lisp *l, const char *fmt, ...)
{
	va_list ap;

	if (!l->failed) {
		va_start(ap, fmt);
		vsnprintf(l->error, sizeof(l->error), fmt, ap);
		va_end(ap);
		l->failed = 1;
	}
	return l->nil;
}

const char *lisp_error(const struct lisp *l)
{
	return l->failed ? l->error : NULL;
}

unsigned long lisp_collections(const struct lisp *l)
{
	return l->gcs;
}

size_t lisp_live(struct lisp *l)
{
	lisp__gc(l);
	return l->used;
}
