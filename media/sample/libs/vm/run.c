/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <vm.h>

#define STACK 1024
#define FRAMES 128

struct machine {
	int64_t stack[STACK], locals[STACK], globals[32];
	struct {
		int ret, base;
	} frames[FRAMES];
};

#define NEED(n) \
	do { \
		if (sp < (n)) \
			goto underflow; \
	} while (0)
#define BINARY(expr) \
	do { \
		int64_t a, b; \
		NEED(2); \
		b = m.stack[--sp]; \
		a = m.stack[sp - 1]; \
		m.stack[sp - 1] = (int64_t)(expr); \
	} while (0)

struct vm_result vm_run(const struct vm_prog *p, uint64_t max, struct uk_strbuf *out)
{
	static struct machine m;
	struct vm_result r = { 0, 0, NULL };
	int pc = 0, sp = 0, fp = 0, base = 0, top = 0;

	memset(&m, 0, sizeof(m));
	while (r.steps++ < max) {
		const struct vm_insn *i = &p->code[pc++];

		if (sp > STACK - 2) {
			r.error = "stack overflow";
			return r;
		}
		switch ((enum vm_op)i->op) {
		case OP_HALT:
			NEED(1);
			r.value = m.stack[sp - 1];
			return r;
		case OP_PUSH:
			m.stack[sp++] = i->arg;
			break;
		case OP_POP:
			NEED(1);
			sp--;
			break;
		case OP_DUP:
			NEED(1);
			m.stack[sp] = m.stack[sp - 1];
			sp++;
			break;
		case OP_ADD: BINARY((uint64_t)a + (uint64_t)b); break;
		case OP_SUB: BINARY((uint64_t)a - (uint64_t)b); break;
		case OP_MUL: BINARY((uint64_t)a * (uint64_t)b); break;
		case OP_DIV:
		case OP_MOD:
			NEED(2);
			if (!m.stack[sp - 1] || m.stack[sp - 1] == -1) {
				if (!m.stack[sp - 1]) {
					r.error = "division by zero";
					return r;
				}
				m.stack[sp - 2] = i->op == OP_DIV ? (int64_t)-(uint64_t)m.stack[sp - 2] : 0;
				sp--;
				break;
			}
			if (i->op == OP_DIV)
				BINARY(a / b);
			else
				BINARY(a % b);
			break;
		case OP_NEG:
			NEED(1);
			m.stack[sp - 1] = (int64_t)-(uint64_t)m.stack[sp - 1];
			break;
		case OP_NOT:
			NEED(1);
			m.stack[sp - 1] = !m.stack[sp - 1];
			break;
		case OP_LT: BINARY(a < b); break;
		case OP_LE: BINARY(a <= b); break;
		case OP_EQ: BINARY(a == b); break;
		case OP_NE: BINARY(a != b); break;
		case OP_AND: BINARY(a & b); break;
		case OP_OR: BINARY(a | b); break;
		case OP_XOR: BINARY(a ^ b); break;
		case OP_SHL: BINARY((uint64_t)a << (b & 63)); break;
		case OP_SHR: BINARY((uint64_t)a >> (b & 63)); break;
		case OP_LOAD:
			m.stack[sp++] = m.locals[base + i->arg];
			break;
		case OP_STORE:
			NEED(1);
			m.locals[base + i->arg] = m.stack[--sp];
			break;
		case OP_GLOAD:
			m.stack[sp++] = m.globals[i->arg];
			break;
		case OP_GSTORE:
			NEED(1);
			m.globals[i->arg] = m.stack[--sp];
			break;
		case OP_JUMP:
			pc = (int)i->arg;
			break;
		case OP_JZ:
			NEED(1);
			if (!m.stack[--sp])
				pc = (int)i->arg;
			break;
		case OP_CALL:
			if (fp == FRAMES) {
				r.error = "calls too deep";
				return r;
			}
			m.frames[fp].ret = pc;
			m.frames[fp++].base = base;
			base = top;
			pc = p->funcs[i->arg].entry;
			break;
		case OP_ENTER:
			if (base + i->arg > STACK) {
				r.error = "out of locals";
				return r;
			}
			memset(&m.locals[base], 0, (size_t)i->arg * 8);
			top = base + (int)i->arg;
			break;
		case OP_RET:
			if (!fp)
				goto underflow;
			top = base;
			pc = m.frames[--fp].ret;
			base = m.frames[fp].base;
			break;
		case OP_PRINT:
			NEED(1);
			uk_strbuf_printf(out, "%ld ", m.stack[--sp]);
			break;
		case OP_COUNT:
			r.error = "bad instruction";
			return r;
		}
	}
	r.error = "too many steps";
	return r;
underflow:
	r.error = "stack underflow";
	return r;
}
