/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdlib.h>
#include <string.h>
#include <vm.h>

static int is_jump(int op)
{
	return op == OP_JUMP || op == OP_JZ;
}

static int fold(int op, int64_t a, int64_t b, int64_t *out)
{
	switch (op) {
	case OP_ADD: *out = (int64_t)((uint64_t)a + (uint64_t)b); return 1;
	case OP_SUB: *out = (int64_t)((uint64_t)a - (uint64_t)b); return 1;
	case OP_MUL: *out = (int64_t)((uint64_t)a * (uint64_t)b); return 1;
	case OP_DIV: *out = b > 0 ? a / b : 0; return b > 0;
	case OP_MOD: *out = b > 0 ? a % b : 0; return b > 0;
	case OP_LT: *out = a < b; return 1;
	case OP_LE: *out = a <= b; return 1;
	case OP_EQ: *out = a == b; return 1;
	case OP_NE: *out = a != b; return 1;
	case OP_AND: *out = a & b; return 1;
	case OP_OR: *out = a | b; return 1;
	case OP_XOR: *out = a ^ b; return 1;
	default: return 0;
	}
}

/* Constants are folded, jumps to jumps shortened; what is dropped is first
 * marked, then squeezed out with all targets moved along. Gives how many
 * instructions went away. */
int vm_optimize(struct vm_prog *p)
{
	uint8_t *target = calloc((size_t)p->n + 1, 1), *dead = calloc((size_t)p->n + 1, 1);
	int *moved = calloc((size_t)p->n + 1, sizeof(int));
	int i, n, removed = 0;

	if (!target || !dead || !moved)
		goto out;
	for (i = 0; i < p->n; i++) {
		struct vm_insn *c = &p->code[i];

		for (n = 0; is_jump(c->op) && n < 8 && p->code[c->arg].op == OP_JUMP; n++)
			c->arg = p->code[c->arg].arg;
		if (is_jump(c->op))
			target[c->arg] = 1;
	}
	for (i = 0; i < p->nfuncs; i++)
		target[p->funcs[i].entry] = 1;
	for (i = 0; i + 2 < p->n; i++) {
		struct vm_insn *c = &p->code[i];
		int64_t v;

		if (c[0].op == OP_PUSH && c[1].op == OP_PUSH && !target[i + 1] && !target[i + 2] &&
		    fold(c[2].op, c[0].arg, c[1].arg, &v)) {
			dead[i] = dead[i + 1] = 1;
			target[i + 2] |= target[i];
			c[2].op = OP_PUSH;
			c[2].arg = v;
		} else if (c[0].op == OP_PUSH && c[1].op == OP_NEG && !target[i + 1]) {
			dead[i] = 1;
			c[1].op = OP_PUSH;
			c[1].arg = -c[0].arg;
		}
	}
	for (i = 0, n = 0; i < p->n; i++) {
		moved[i] = n;
		n += !dead[i];
	}
	removed = p->n - n;
	for (i = 0; i < p->n; i++) {
		struct vm_insn c = p->code[i];

		if (is_jump(c.op))
			c.arg = moved[c.arg];
		if (!dead[i])
			p->code[moved[i]] = c;
	}
	for (i = 0; i < p->nfuncs; i++)
		p->funcs[i].entry = moved[p->funcs[i].entry];
	p->n = n;
out:
	free(target);
	free(dead);
	free(moved);
	return removed;
}
