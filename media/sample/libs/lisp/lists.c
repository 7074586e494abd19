/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "lisp_priv.h"

int lisp__length(lval v)
{
	int n = 0;

	for (; v->type == L_CONS; v = v->cdr)
		n++;
	return n;
}

static lval cons(struct lisp *l, lval a)
{
	return lisp__cons(l, arg0(l, a), arg1(l, a));
}

static lval car(struct lisp *l, lval a)
{
	lval v = arg0(l, a);

	return v->type == L_CONS ? v->car : lisp__fail(l, "car of no pair");
}

static lval cdr(struct lisp *l, lval a)
{
	lval v = arg0(l, a);

	return v->type == L_CONS ? v->cdr : lisp__fail(l, "cdr of no pair");
}

static lval list(struct lisp *l, lval a)
{
	(void)l;
	return a;
}

static lval length(struct lisp *l, lval a)
{
	lval v = arg0(l, a);

	return lisp__int(l, v->type == L_STRING ? (int64_t)v->len : lisp__length(v));
}

static lval reverse(struct lisp *l, lval a)
{
	lval out = l->nil, v = arg0(l, a);
	int mark = lisp__push(l, a), slot = lisp__push(l, out);

	for (; v->type == L_CONS; v = v->cdr) {
		out = lisp__cons(l, v->car, out);
		l->roots[slot] = out;
	}
	lisp__pop(l, mark);
	return out;
}

static lval append(struct lisp *l, lval a)
{
	lval head = l->nil, tail = l->nil, v, c;
	int mark = lisp__push(l, a), slot = lisp__push(l, l->nil);

	for (; a->type == L_CONS; a = a->cdr) {
		for (v = a->car; v->type == L_CONS; v = v->cdr) {
			c = lisp__cons(l, v->car, l->nil);
			if (head->type == L_NIL)
				head = l->roots[slot] = c;
			else
				tail->cdr = c;
			tail = c;
		}
	}
	lisp__pop(l, mark);
	return head;
}

static lval map(struct lisp *l, lval a)
{
	lval fn = arg0(l, a), v = arg1(l, a), head = l->nil, tail = l->nil, c, args;
	int mark = lisp__push(l, a), slot = lisp__push(l, l->nil);

	for (; v->type == L_CONS && !l->failed; v = v->cdr) {
		args = lisp__cons(l, v->car, l->nil);
		c = lisp__apply(l, fn, args);
		c = lisp__cons(l, c, l->nil);
		if (head->type == L_NIL)
			head = l->roots[slot] = c;
		else
			tail->cdr = c;
		tail = c;
	}
	lisp__pop(l, mark);
	return head;
}

static lval nth(struct lisp *l, lval a)
{
	lval v = arg1(l, a);
	int64_t n = arg0(l, a)->i;

	for (; n > 0 && v->type == L_CONS; n--)
		v = v->cdr;
	return v->type == L_CONS ? v->car : lisp__fail(l, "nth behind the end");
}

static lval assoc(struct lisp *l, lval a)
{
	lval v;

	for (v = arg1(l, a); v->type == L_CONS; v = v->cdr)
		if (v->car->type == L_CONS && lisp__equal(v->car->car, arg0(l, a)))
			return v->car;
	return l->f;
}

static lval range(struct lisp *l, lval a)
{
	int64_t lo = arg0(l, a)->i, hi = arg1(l, a)->i;
	lval out = l->nil;
	int mark = lisp__push(l, out);

	while (hi-- > lo && !l->failed) {
		out = lisp__cons(l, lisp__int(l, hi), out);
		l->roots[mark] = out;
	}
	lisp__pop(l, mark);
	return out;
}

void lisp__lists(struct lisp *l)
{
	lisp_define(l, "cons", cons);
	lisp_define(l, "car", car);
	lisp_define(l, "cdr", cdr);
	lisp_define(l, "list", list);
	lisp_define(l, "length", length);
	lisp_define(l, "reverse", reverse);
	lisp_define(l, "append", append);
	lisp_define(l, "map", map);
	lisp_define(l, "nth", nth);
	lisp_define(l, "assoc", assoc);
	lisp_define(l, "range", range);
}
