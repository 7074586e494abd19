/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include "lisp_priv.h"

#define MAX_DEPTH 220

/* An environment is a list of (name . value). */
static lval *find(struct lisp *l, lval name, lval env)
{
	for (; env->type == L_CONS; env = env->cdr)
		if (env->car->car == name)
			return &env->car->cdr;
	for (env = l->global; env->type == L_CONS; env = env->cdr)
		if (env->car->car == name)
			return &env->car->cdr;
	return NULL;
}

void lisp__bind(struct lisp *l, lval name, lval value)
{
	lval e;
	int mark;

	for (e = l->global; e->type == L_CONS; e = e->cdr) {
		if (e->car->car == name) {
			e->car->cdr = value;
			return;
		}
	}
	mark = lisp__push(l, value);
	e = lisp__cons(l, name, value);
	l->global = lisp__cons(l, e, l->global);
	lisp__pop(l, mark);
}

int lisp__truthy(struct lisp *l, lval v)
{
	return v != l->f && v->type != L_NIL;
}

static lval eval_list(struct lisp *l, lval v, lval env)
{
	int mark = lisp__push(l, l->nil);
	lval head = l->nil, tail = l->nil, c;

	for (; v->type == L_CONS && !l->failed; v = v->cdr) {
		c = lisp__cons(l, lisp__eval(l, v->car, env), l->nil);
		if (head->type == L_NIL)
			head = l->roots[mark] = c;
		else
			tail->cdr = c;
		tail = c;
	}
	lisp__pop(l, mark);
	return head;
}

/* New bindings in front of env; (a b . rest) takes what is left. */
static lval extend(struct lisp *l, lval params, lval args, lval env)
{
	int mark = lisp__push(l, env);

	lisp__push(l, args);
	for (; params->type == L_CONS; params = params->cdr, args = args->cdr) {
		if (args->type != L_CONS) {
			lisp__fail(l, "too few arguments");
			break;
		}
		env = lisp__cons(l, lisp__cons(l, params->car, args->car), env);
		l->roots[mark] = env;
	}
	if (params->type == L_SYMBOL)
		env = lisp__cons(l, lisp__cons(l, params, args), env);
	else if (args->type == L_CONS && !l->failed)
		lisp__fail(l, "too many arguments");
	lisp__pop(l, mark);
	return env;
}

static lval quasi(struct lisp *l, lval v, lval env)
{
	int mark;
	lval a, d;

	if (v->type != L_CONS)
		return v;
	if (v->car == l->unquote)
		return lisp__eval(l, arg1(l, v), env);
	mark = l->nroots;
	if (v->car->type == L_CONS && v->car->car == l->splice) {
		lval copy = l->nil, *tail = &copy;

		a = lisp__eval(l, arg1(l, v->car), env);
		lisp__push(l, a);
		d = quasi(l, v->cdr, env);
		lisp__push(l, d);
		lisp__push(l, copy);
		for (; a->type == L_CONS; a = a->cdr) {
			*tail = lisp__cons(l, a->car, l->nil);
			l->roots[l->nroots - 1] = copy;
			tail = &(*tail)->cdr;
		}
		*tail = d;
		lisp__pop(l, mark);
		return copy;
	}
	a = quasi(l, v->car, env);
	lisp__push(l, a);
	d = quasi(l, v->cdr, env);
	lisp__pop(l, mark);
	return lisp__cons(l, a, d);
}

static lval define(struct lisp *l, lval v, lval env)
{
	lval name = arg1(l, v), value;

	if (name->type == L_CONS) { /* (define (f a b) ...) */
		value = lisp__closure(l, L_LAMBDA, name->cdr, v->cdr->cdr, env);
		name = name->car;
	} else {
		value = lisp__eval(l, arg2(l, v), env);
	}
	if (name->type != L_SYMBOL)
		return lisp__fail(l, "define needs a name");
	if (!l->failed)
		lisp__bind(l, name, value);
	return name;
}

static lval let(struct lisp *l, lval v, lval env)
{
	int mark = lisp__push(l, env);
	lval b, inner = env, value;

	for (b = arg1(l, v); b->type == L_CONS && !l->failed; b = b->cdr) {
		value = lisp__eval(l, arg1(l, b->car), inner);
		inner = lisp__cons(l, lisp__cons(l, arg0(l, b->car), value), inner);
		l->roots[mark] = inner;
	}
	lisp__pop(l, mark);
	return inner;
}

lval lisp__apply(struct lisp *l, lval fn, lval args)
{
	int mark;
	lval env, body, v = l->nil;

	if (fn->type == L_PRIM)
		return fn->prim(l, args);
	if (fn->type != L_LAMBDA && fn->type != L_MACRO)
		return lisp__fail(l, "not a function");
	mark = lisp__push(l, fn);
	lisp__push(l, args);
	env = extend(l, fn->params, args, fn->env);
	lisp__push(l, env);
	for (body = fn->body; body->type == L_CONS && !l->failed; body = body->cdr)
		v = lisp__eval(l, body->car, env);
	lisp__pop(l, mark);
	return v;
}

/* Tail positions go round the loop instead of deeper. */
lval lisp__eval(struct lisp *l, lval v, lval env)
{
	int mark = lisp__push(l, v), slot = lisp__push(l, env);
	lval fn, args, clause, *cell, result = l->nil;

	if (++l->depth > MAX_DEPTH)
		lisp__fail(l, "too deep");
	while (!l->failed) {
		l->roots[mark] = v;
		l->roots[slot] = env;
		if (v->type == L_SYMBOL) {
			cell = find(l, v, env);
			result = cell ? *cell : lisp__fail(l, "unbound: %s", v->s);
			break;
		}
		if (v->type != L_CONS) {
			result = v;
			break;
		}
		fn = v->car;
		if (fn == l->quote) {
			result = arg1(l, v);
			break;
		} else if (fn == l->quasi) {
			result = quasi(l, arg1(l, v), env);
			break;
		} else if (fn == l->iff) {
			int yes = lisp__truthy(l, lisp__eval(l, arg1(l, v), env));

			v = yes ? arg2(l, v) : v->cdr->cdr->cdr->type == L_CONS ? v->cdr->cdr->cdr->car : l->nil;
			continue;
		} else if (fn == l->define) {
			result = define(l, v, env);
			break;
		} else if (fn == l->lambda) {
			result = lisp__closure(l, L_LAMBDA, arg1(l, v), v->cdr->cdr, env);
			break;
		} else if (fn == l->macro) {
			result = lisp__closure(l, L_MACRO, arg1(l, v)->cdr, v->cdr->cdr, env);
			lisp__push(l, result);
			lisp__bind(l, arg1(l, v)->car, result);
			break;
		} else if (fn == l->set) {
			cell = find(l, arg1(l, v), env);
			result = lisp__eval(l, arg2(l, v), env);
			if (!cell)
				lisp__fail(l, "set! of an unbound name");
			else
				*cell = result;
			break;
		} else if (fn == l->let) {
			env = let(l, v, env);
			l->roots[slot] = env;
			v = lisp__cons(l, l->begin, v->cdr->cdr);
			continue;
		} else if (fn == l->begin) {
			for (args = v->cdr; args->type == L_CONS && args->cdr->type == L_CONS && !l->failed;
			     args = args->cdr)
				lisp__eval(l, args->car, env);
			v = arg0(l, args);
			continue;
		} else if (fn == l->whil) {
			while (!l->failed && lisp__truthy(l, lisp__eval(l, arg1(l, v), env)))
				for (args = v->cdr->cdr; args->type == L_CONS && !l->failed; args = args->cdr)
					lisp__eval(l, args->car, env);
			break;
		} else if (fn == l->cond) {
			for (clause = v->cdr; clause->type == L_CONS && !l->failed; clause = clause->cdr)
				if (clause->car->car == l->elsee ||
				    lisp__truthy(l, lisp__eval(l, clause->car->car, env)))
					break;
			if (clause->type != L_CONS)
				break;
			if (clause->car->cdr->type != L_CONS) { /* a test alone is the value */
				v = clause->car->car;
				continue;
			}
			v = lisp__cons(l, l->begin, clause->car->cdr);
			continue;
		} else if (fn == l->and || fn == l->or) {
			int want = fn == l->and;

			result = want ? l->t : l->f;
			for (args = v->cdr; args->type == L_CONS && !l->failed; args = args->cdr) {
				result = lisp__eval(l, args->car, env);
				if (lisp__truthy(l, result) != want)
					break;
			}
			break;
		}
		fn = lisp__eval(l, fn, env);
		lisp__push(l, fn);
		if (fn->type == L_MACRO) {
			v = lisp__apply(l, fn, v->cdr);
			lisp__pop(l, slot + 1);
			continue;
		}
		args = eval_list(l, v->cdr, env);
		lisp__push(l, args);
		if (fn->type == L_LAMBDA && !l->failed) {
			env = extend(l, fn->params, args, fn->env);
			l->roots[slot] = env;
			v = lisp__cons(l, l->begin, fn->body);
			lisp__pop(l, slot + 1);
			continue;
		}
		if (!l->failed)
			result = lisp__apply(l, fn, args);
		break;
	}
	l->depth--;
	lisp__pop(l, mark);
	return l->failed ? l->nil : result;
}
