/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <lisp.h>

#define ROOTS 4096
struct lisp {
	struct lisp_obj *heap, *freelist;
	size_t cap, used;
	unsigned long gcs;
	lval symbols, global, nil, t, f;
	lval roots[ROOTS];
	int nroots, depth, failed;
	char error[128];
	lval quote, quasi, unquote, splice, lambda, define, iff, set, let, begin, cond, and, or, macro,
		whil, elsee;
};
lval lisp__cons(struct lisp *l, lval a, lval b);
lval lisp__int(struct lisp *l, int64_t v);
lval lisp__float(struct lisp *l, double v);
lval lisp__string(struct lisp *l, const char *s, size_t n);
lval lisp__symbol(struct lisp *l, const char *s, size_t n);
lval lisp__closure(struct lisp *l, int type, lval params, lval body, lval env);
lval lisp__alloc(struct lisp *l, int type);
lval lisp__bool(struct lisp *l, int v);
/* Roots are a stack: what is pushed survives a collection. */
int lisp__push(struct lisp *l, lval v);
void lisp__pop(struct lisp *l, int to);
size_t lisp__gc(struct lisp *l);
lval lisp__fail(struct lisp *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
lval lisp__read(struct lisp *l, const char **s);
void lisp__print(struct lisp *l, lval v, struct uk_strbuf *b, int quoted);
lval lisp__eval(struct lisp *l, lval v, lval env);
lval lisp__apply(struct lisp *l, lval fn, lval args);
void lisp__bind(struct lisp *l, lval name, lval value);
int lisp__truthy(struct lisp *l, lval v);
int lisp__equal(lval a, lval b);
int lisp__length(lval v);
void lisp__core(struct lisp *l);
void lisp__lists(struct lisp *l);
void lisp__strings(struct lisp *l);
extern const char lisp__prelude[];
#define arg0(l, a) ((a)->type == L_CONS ? (a)->car : (l)->nil)
#define arg1(l, a) ((a)->type == L_CONS ? arg0(l, (a)->cdr) : (l)->nil)
#define arg2(l, a) ((a)->type == L_CONS ? arg1(l, (a)->cdr) : (l)->nil)
