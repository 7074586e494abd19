/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <uk/coll.h>

/* A small language (let, while, if, def, print) compiled for a stack machine. */
enum vm_op {
	OP_HALT, OP_PUSH, OP_POP, OP_DUP, OP_ADD, OP_SUB, OP_MUL, OP_DIV, OP_MOD, OP_NEG, OP_NOT,
	OP_LT, OP_LE, OP_EQ, OP_NE, OP_AND, OP_OR, OP_XOR, OP_SHL, OP_SHR, OP_LOAD, OP_STORE,
	OP_JUMP, OP_JZ, OP_CALL, OP_RET, OP_ENTER, OP_PRINT, OP_GLOAD, OP_GSTORE, OP_COUNT,
};
struct vm_insn {
	uint8_t op;
	int64_t arg;
};
struct vm_func {
	char name[24];
	int entry, params, locals;
};
struct vm_prog {
	struct vm_insn *code;
	int n, cap;
	struct vm_func funcs[32];
	int nfuncs, globals;
	char error[96];
	int line;
};
int vm_compile(const char *src, struct vm_prog *p);
int vm_optimize(struct vm_prog *p);
void vm_disassemble(const struct vm_prog *p, struct uk_strbuf *out);
void vm_prog_free(struct vm_prog *p);
struct vm_result {
	int64_t value;
	uint64_t steps;
	const char *error;
};
struct vm_result vm_run(const struct vm_prog *p, uint64_t max_steps, struct uk_strbuf *out);
const char *vm_op_name(int op);
