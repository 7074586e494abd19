/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <uk/coll.h>

enum lisp_type { L_NIL, L_INT, L_FLOAT, L_SYMBOL, L_STRING, L_CONS, L_PRIM, L_LAMBDA, L_MACRO, L_BOOL };

struct lisp;
struct lisp_obj;
typedef struct lisp_obj *lval;
typedef lval (*lisp_prim)(struct lisp *l, lval args);

struct lisp_obj {
	uint8_t type, mark;
	union {
		int64_t i;
		double f;
		struct {
			lval car, cdr;
		};
		struct {
			char *s;
			size_t len;
		};
		struct {
			lisp_prim prim;
			const char *name;
		};
		struct {
			lval params, body, env;
		};
	};
};

struct lisp *lisp_new(size_t max_objects);
void lisp_free(struct lisp *l);
/* Evaluates every form of the text; the printed last value goes to out. */
int lisp_run(struct lisp *l, const char *text, struct uk_strbuf *out);
const char *lisp_error(const struct lisp *l);
unsigned long lisp_collections(const struct lisp *l);
size_t lisp_live(struct lisp *l);
void lisp_define(struct lisp *l, const char *name, lisp_prim fn);
/* Where (print x) goes; weak, an application may take it. */
void lisp_output(const char *s, size_t n);
