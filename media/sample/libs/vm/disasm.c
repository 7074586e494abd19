/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <vm.h>

const char *vm_op_name(int op)
{
	static const char *const names[OP_COUNT] = {
		"halt", "push", "pop", "dup", "add", "sub", "mul", "div", "mod", "neg", "not", "lt", "le",
		"eq", "ne", "and", "or", "xor", "shl", "shr", "load", "store", "jump", "jz", "call", "ret",
		"enter", "print", "gload", "gstore",
	};

	return op >= 0 && op < OP_COUNT ? names[op] : "?";
}

void vm_disassemble(const struct vm_prog *p, struct uk_strbuf *out)
{
	int i, f;

	for (i = 0; i < p->n; i++) {
		for (f = 0; f < p->nfuncs; f++)
			if (p->funcs[f].entry == i)
				uk_strbuf_printf(out, "%s/%d:\n", p->funcs[f].name, p->funcs[f].params);
		uk_strbuf_printf(out, "%4d %-6s", i, vm_op_name(p->code[i].op));
		switch (p->code[i].op) {
		case OP_PUSH:
		case OP_LOAD:
		case OP_STORE:
		case OP_GLOAD:
		case OP_GSTORE:
		case OP_JUMP:
		case OP_JZ:
		case OP_ENTER:
			uk_strbuf_printf(out, " %ld", p->code[i].arg);
			break;
		case OP_CALL:
			uk_strbuf_printf(out, " %s", p->funcs[p->code[i].arg].name);
			break;
		}
		uk_strbuf_putc(out, '\n');
	}
}
