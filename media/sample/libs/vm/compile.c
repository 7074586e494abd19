/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vm.h>
#include "lex.h"

struct compiler {
	struct vm__lexer lex;
	struct vm_prog *p;
	struct vm_func *fn;
	char locals[32][24], globals[32][24];
};

static void expression(struct compiler *c, int level);
static void statement(struct compiler *c);

static void fail(struct compiler *c, const char *what)
{
	if (c->p->error[0])
		return;
	snprintf(c->p->error, sizeof(c->p->error), "line %d: %s", c->lex.line, what);
	c->p->line = c->lex.line;
	c->lex.tok = T_END;
	c->lex.p = "";
}

static int emit(struct compiler *c, enum vm_op op, int64_t arg)
{
	struct vm_prog *p = c->p;

	if (p->n == p->cap) {
		int cap = p->cap ? p->cap * 2 : 64;
		void *code = realloc(p->code, (size_t)cap * sizeof(*p->code));

		if (!code) {
			fail(c, "no memory");
			return 0;
		}
		p->code = code;
		p->cap = cap;
	}
	p->code[p->n].op = (uint8_t)op;
	p->code[p->n].arg = arg;
	return p->n++;
}

static int accept(struct compiler *c, enum vm__token t)
{
	if (c->lex.tok != t)
		return 0;
	vm__next(&c->lex);
	return 1;
}

static void expect(struct compiler *c, enum vm__token t, const char *what)
{
	if (!accept(c, t))
		fail(c, what);
}

static int find_func(struct compiler *c, const char *name)
{
	int i;

	for (i = 0; i < c->p->nfuncs; i++)
		if (!strcmp(c->p->funcs[i].name, name))
			return i;
	return -1;
}

static int find(char names[][24], int n, const char *name)
{
	while (n--)
		if (!strcmp(names[n], name))
			return n;
	return -1;
}

static int declare(struct compiler *c, const char *name)
{
	char (*names)[24] = c->fn ? c->locals : c->globals;
	int *n = c->fn ? &c->fn->locals : &c->p->globals;

	if (*n == 32) {
		fail(c, "too many variables");
		return 0;
	}
	strlcpy(names[*n], name, 24);
	return (*n)++;
}

static void variable(struct compiler *c, const char *name, int store)
{
	int i = c->fn ? find(c->locals, c->fn->locals, name) : -1;

	if (i >= 0) {
		emit(c, store ? OP_STORE : OP_LOAD, i);
		return;
	}
	i = find(c->globals, c->p->globals, name);
	if (i < 0)
		fail(c, "unknown name");
	emit(c, store ? OP_GSTORE : OP_GLOAD, i);
}

static void call(struct compiler *c, const char *name)
{
	int f = find_func(c, name), n = 0;

	if (f < 0)
		fail(c, "unknown function");
	while (c->lex.tok != T_RP && c->lex.tok != T_END) {
		expression(c, 0);
		n++;
		if (!accept(c, T_COMMA))
			break;
	}
	expect(c, T_RP, "expected )");
	if (f >= 0 && n != c->p->funcs[f].params)
		fail(c, "wrong number of arguments");
	emit(c, OP_CALL, f);
}

static void primary(struct compiler *c)
{
	char name[24];
	int64_t num = c->lex.num;

	switch (c->lex.tok) {
	case T_NUM:
		vm__next(&c->lex);
		emit(c, OP_PUSH, num);
		break;
	case T_NAME:
		strlcpy(name, c->lex.name, sizeof(name));
		vm__next(&c->lex);
		if (accept(c, T_LP))
			call(c, name);
		else
			variable(c, name, 0);
		break;
	case T_LP:
		vm__next(&c->lex);
		expression(c, 0);
		expect(c, T_RP, "expected )");
		break;
	case T_MINUS:
		vm__next(&c->lex);
		primary(c);
		emit(c, OP_NEG, 0);
		break;
	case T_NOT:
		vm__next(&c->lex);
		primary(c);
		emit(c, OP_NOT, 0);
		break;
	default:
		fail(c, "expected a value");
	}
}

/* How tight an operator binds, and what it becomes; > and >= swap. */
static int binary(enum vm__token t, enum vm_op *op, int *swap)
{
	*swap = 0;
	switch (t) {
	case T_OR: *op = OP_OR; return 1;
	case T_XOR: *op = OP_XOR; return 2;
	case T_AND: *op = OP_AND; return 3;
	case T_EQ: *op = OP_EQ; return 4;
	case T_NE: *op = OP_NE; return 4;
	case T_LT: *op = OP_LT; return 5;
	case T_LE: *op = OP_LE; return 5;
	case T_GT: *op = OP_LE; *swap = 1; return 5;
	case T_GE: *op = OP_LT; *swap = 1; return 5;
	case T_SHL: *op = OP_SHL; return 6;
	case T_SHR: *op = OP_SHR; return 6;
	case T_PLUS: *op = OP_ADD; return 7;
	case T_MINUS: *op = OP_SUB; return 7;
	case T_STAR: *op = OP_MUL; return 8;
	case T_SLASH: *op = OP_DIV; return 8;
	case T_PERCENT: *op = OP_MOD; return 8;
	default: return 0;
	}
}

static void expression(struct compiler *c, int level)
{
	enum vm_op op = OP_HALT;
	int swap, prec;

	primary(c);
	while ((prec = binary(c->lex.tok, &op, &swap)) > level) {
		vm__next(&c->lex);
		expression(c, prec);
		emit(c, op, 0);
		if (swap)
			emit(c, OP_NOT, 0); /* a > b is not a <= b */
	}
}

static void block(struct compiler *c)
{
	expect(c, T_LB, "expected {");
	while (c->lex.tok != T_RB && c->lex.tok != T_END)
		statement(c);
	expect(c, T_RB, "expected }");
}

static void function(struct compiler *c)
{
	struct vm_func *f = &c->p->funcs[c->p->nfuncs];
	int skip, enter, i;

	if (c->fn || c->p->nfuncs == 32) {
		fail(c, "function not allowed here");
		return;
	}
	strlcpy(f->name, c->lex.name, sizeof(f->name));
	expect(c, T_NAME, "expected a name");
	expect(c, T_LP, "expected (");
	skip = emit(c, OP_JUMP, 0);
	c->p->nfuncs++;
	c->fn = f;
	f->params = f->locals = 0;
	while (c->lex.tok == T_NAME) {
		declare(c, c->lex.name);
		f->params++;
		vm__next(&c->lex);
		if (!accept(c, T_COMMA))
			break;
	}
	expect(c, T_RP, "expected )");
	f->entry = c->p->n;
	enter = emit(c, OP_ENTER, 0);
	for (i = f->params; i--;)
		emit(c, OP_STORE, i);
	block(c);
	emit(c, OP_PUSH, 0);
	emit(c, OP_RET, 0);
	c->p->code[enter].arg = f->locals;
	c->p->code[skip].arg = c->p->n;
	c->fn = NULL;
}

static void statement(struct compiler *c)
{
	char name[24];
	int a, b;

	switch (c->lex.tok) {
	case T_LET:
		vm__next(&c->lex);
		strlcpy(name, c->lex.name, sizeof(name));
		expect(c, T_NAME, "expected a name");
		expect(c, T_ASSIGN, "expected =");
		expression(c, 0);
		declare(c, name);
		variable(c, name, 1);
		expect(c, T_SEMI, "expected ;");
		break;
	case T_WHILE:
		vm__next(&c->lex);
		a = c->p->n;
		expression(c, 0);
		b = emit(c, OP_JZ, 0);
		block(c);
		emit(c, OP_JUMP, a);
		c->p->code[b].arg = c->p->n;
		break;
	case T_IF:
		vm__next(&c->lex);
		expression(c, 0);
		a = emit(c, OP_JZ, 0);
		block(c);
		if (accept(c, T_ELSE)) {
			b = emit(c, OP_JUMP, 0);
			c->p->code[a].arg = c->p->n;
			if (c->lex.tok == T_IF)
				statement(c);
			else
				block(c);
			a = b;
		}
		c->p->code[a].arg = c->p->n;
		break;
	case T_DEF:
		vm__next(&c->lex);
		function(c);
		break;
	case T_RETURN:
		vm__next(&c->lex);
		expression(c, 0);
		emit(c, c->fn ? OP_RET : OP_HALT, 0);
		expect(c, T_SEMI, "expected ;");
		break;
	case T_PRINT:
		vm__next(&c->lex);
		expression(c, 0);
		emit(c, OP_PRINT, 0);
		expect(c, T_SEMI, "expected ;");
		break;
	case T_NAME:
		strlcpy(name, c->lex.name, sizeof(name));
		vm__next(&c->lex);
		if (accept(c, T_ASSIGN)) {
			expression(c, 0);
			variable(c, name, 1);
		} else {
			expect(c, T_LP, "expected = or (");
			call(c, name);
			emit(c, OP_POP, 0);
		}
		expect(c, T_SEMI, "expected ;");
		break;
	default:
		fail(c, "expected a statement");
	}
}

int vm_compile(const char *src, struct vm_prog *p)
{
	struct compiler c;

	memset(p, 0, sizeof(*p));
	memset(&c, 0, sizeof(c));
	c.p = p;
	c.lex.p = src;
	c.lex.line = 1;
	vm__next(&c.lex);
	while (c.lex.tok != T_END)
		statement(&c);
	emit(&c, OP_PUSH, 0);
	emit(&c, OP_HALT, 0);
	return p->error[0] ? -1 : 0;
}

void vm_prog_free(struct vm_prog *p)
{
	free(p->code);
	p->code = NULL;
	p->n = p->cap = 0;
}
