/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <string.h>
#include "lisp_priv.h"

void lisp_define(struct lisp *l, const char *name, lisp_prim fn)
{
	lval v = lisp__alloc(l, L_PRIM);
	int mark = lisp__push(l, v);

	v->prim = fn;
	v->name = name;
	lisp__bind(l, lisp__symbol(l, name, strlen(name)), v);
	lisp__pop(l, mark);
}

static double as_float(lval v)
{
	return v->type == L_FLOAT ? v->f : (double)v->i;
}

static int is_number(lval v)
{
	return v->type == L_INT || v->type == L_FLOAT;
}

/* + - * / over integers as long as all of them are */
static lval arith(struct lisp *l, lval args, char op)
{
	lval first = arg0(l, args), a;
	double f;
	int64_t i;
	int real;

	if (args->type != L_CONS)
		return lisp__int(l, op == '*');
	for (a = args, real = 0; a->type == L_CONS; a = a->cdr) {
		if (!is_number(a->car))
			return lisp__fail(l, "%c needs numbers", op);
		real |= a->car->type == L_FLOAT;
	}
	if (args->cdr->type != L_CONS && (op == '-' || op == '/')) {
		if (op == '-')
			return real ? lisp__float(l, -first->f) : lisp__int(l, -first->i);
		return lisp__float(l, 1.0 / as_float(first));
	}
	f = as_float(first);
	i = first->i;
	for (a = args->cdr; a->type == L_CONS; a = a->cdr) {
		int64_t v = a->car->i;

		switch (op) {
		case '+':
			f += as_float(a->car);
			i = (int64_t)((uint64_t)i + (uint64_t)v);
			break;
		case '-':
			f -= as_float(a->car);
			i = (int64_t)((uint64_t)i - (uint64_t)v);
			break;
		case '*':
			f *= as_float(a->car);
			i = (int64_t)((uint64_t)i * (uint64_t)v);
			break;
		case '/':
			if (!real && (!v || (v == -1 && i == INT64_MIN)))
				return lisp__fail(l, "division by zero");
			if (real)
				f /= as_float(a->car);
			else
				i /= v;
			break;
		}
	}
	return real ? lisp__float(l, f) : lisp__int(l, i);
}

static lval add(struct lisp *l, lval a) { return arith(l, a, '+'); }
static lval sub(struct lisp *l, lval a) { return arith(l, a, '-'); }
static lval mul(struct lisp *l, lval a) { return arith(l, a, '*'); }
static lval divide(struct lisp *l, lval a) { return arith(l, a, '/'); }

static lval mod(struct lisp *l, lval args)
{
	lval a = arg0(l, args), b = arg1(l, args);

	if (a->type != L_INT || b->type != L_INT || !b->i)
		return lisp__fail(l, "mod needs two integers");
	return lisp__int(l, ((a->i % b->i) + b->i) % b->i);
}

static int compare(struct lisp *l, lval a, lval b)
{
	if (a->type == L_INT && b->type == L_INT)
		return a->i < b->i ? -1 : a->i > b->i;
	if (is_number(a) && is_number(b))
		return as_float(a) < as_float(b) ? -1 : as_float(a) > as_float(b);
	if (a->type == L_STRING && b->type == L_STRING)
		return strcmp(a->s, b->s);
	lisp__fail(l, "values cannot be compared");
	return 0;
}

static lval chain(struct lisp *l, lval args, int lo, int hi)
{
	for (; args->type == L_CONS && args->cdr->type == L_CONS; args = args->cdr) {
		int c = compare(l, args->car, args->cdr->car);

		c = c < 0 ? -1 : c > 0;
		if (c < lo || c > hi)
			return l->f;
	}
	return l->t;
}

static lval less(struct lisp *l, lval a) { return chain(l, a, -1, -1); }
static lval greater(struct lisp *l, lval a) { return chain(l, a, 1, 1); }
static lval less_eq(struct lisp *l, lval a) { return chain(l, a, -1, 0); }
static lval greater_eq(struct lisp *l, lval a) { return chain(l, a, 0, 1); }
static lval num_eq(struct lisp *l, lval a) { return chain(l, a, 0, 0); }

int lisp__equal(lval a, lval b)
{
	for (; a != b; a = a->cdr, b = b->cdr) {
		if (a->type != b->type)
			return 0;
		switch (a->type) {
		case L_INT:
		case L_BOOL:
			return a->i == b->i;
		case L_FLOAT:
			return a->f == b->f;
		case L_STRING:
			return a->len == b->len && !memcmp(a->s, b->s, a->len);
		case L_CONS:
			if (!lisp__equal(a->car, b->car))
				return 0;
			break;
		default:
			return 0;
		}
	}
	return 1;
}

static lval eq(struct lisp *l, lval a) { return lisp__bool(l, arg0(l, a) == arg1(l, a)); }
static lval equal(struct lisp *l, lval a) { return lisp__bool(l, lisp__equal(arg0(l, a), arg1(l, a))); }
static lval not(struct lisp *l, lval a) { return lisp__bool(l, !lisp__truthy(l, arg0(l, a))); }
static lval is_null(struct lisp *l, lval a) { return lisp__bool(l, arg0(l, a)->type == L_NIL); }
static lval is_pair(struct lisp *l, lval a) { return lisp__bool(l, arg0(l, a)->type == L_CONS); }
static lval is_num(struct lisp *l, lval a) { return lisp__bool(l, is_number(arg0(l, a))); }
static lval is_str(struct lisp *l, lval a) { return lisp__bool(l, arg0(l, a)->type == L_STRING); }
static lval is_sym(struct lisp *l, lval a) { return lisp__bool(l, arg0(l, a)->type == L_SYMBOL); }

static lval print(struct lisp *l, lval args)
{
	struct uk_strbuf b;

	uk_strbuf_init(&b);
	for (; args->type == L_CONS; args = args->cdr) {
		lisp__print(l, args->car, &b, 0);
		uk_strbuf_putc(&b, args->cdr->type == L_CONS ? ' ' : '\n');
	}
	lisp_output(b.s, b.len);
	uk_strbuf_free(&b);
	return l->nil;
}

static lval error(struct lisp *l, lval args)
{
	lval v = arg0(l, args);

	return lisp__fail(l, "%s", v->type == L_STRING ? v->s : "error");
}

static lval apply(struct lisp *l, lval args)
{
	return lisp__apply(l, arg0(l, args), arg1(l, args));
}

static lval eval(struct lisp *l, lval args)
{
	return lisp__eval(l, arg0(l, args), l->nil);
}

static lval gc(struct lisp *l, lval args)
{
	lisp__push(l, args);
	lisp__gc(l);
	return lisp__bool(l, 1);
}

void lisp__core(struct lisp *l)
{
	static const struct {
		const char *name;
		lisp_prim fn;
	} prims[] = {
		{ "+", add }, { "-", sub }, { "*", mul }, { "/", divide }, { "mod", mod },
		{ "<", less }, { ">", greater }, { "<=", less_eq }, { ">=", greater_eq }, { "=", num_eq },
		{ "eq?", eq }, { "equal?", equal }, { "not", not }, { "null?", is_null },
		{ "pair?", is_pair }, { "number?", is_num }, { "string?", is_str }, { "symbol?", is_sym },
		{ "print", print }, { "error", error }, { "apply", apply }, { "eval", eval }, { "gc", gc },
	};
	size_t i;

	for (i = 0; i < sizeof(prims) / sizeof(prims[0]); i++)
		lisp_define(l, prims[i].name, prims[i].fn);
}
