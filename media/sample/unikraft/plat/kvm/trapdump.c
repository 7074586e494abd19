/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include "plat.h"

static const char *const names[] = {
	"divide error", "debug", "nmi", "breakpoint", "overflow", "bound range", "invalid opcode",
	"device not available", "double fault", "coprocessor overrun", "invalid tss",
	"segment not present", "stack fault", "general protection", "page fault", "reserved",
	"x87 error", "alignment check", "machine check", "simd error", "virtualization",
	"control protection",
};

static const struct {
	const char *name;
	uint16_t off;
} fields[] = {
#define F(x) { #x, offsetof(struct __regs, x) }
	F(rip), F(rsp), F(rflags), F(cs), F(ss), F(rax), F(rbx), F(rcx), F(rdx), F(rsi), F(rdi),
	F(rbp), F(r8), F(r9), F(r10), F(r11), F(r12), F(r13), F(r14), F(r15),
};

static void print(const char *fmt, ...) __printf(1, 2);
static void print(const char *fmt, ...)
{
	char line[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	plat__early_puts(line);
}

void plat__dump_regs(const struct __regs *r)
{
	unsigned int i;

	print("\ntrap %lu (%s), error code 0x%lx\n", r->vector,
	      r->vector < ARRAY_SIZE(names) ? names[r->vector] : "unknown", r->error);
	if (r->vector == 14)
		print("  %s access, page %s, in %s mode\n", r->error & 2 ? "write" : "read",
		      r->error & 1 ? "protected" : "not present", r->error & 4 ? "user" : "kernel");
	for (i = 0; i < ARRAY_SIZE(fields); i++)
		print("  %-6s %016lx%s", fields[i].name,
		      *(const uint64_t *)((const char *)r + fields[i].off), i % 3 == 2 ? "\n" : "");
	print("\n");
}

extern char _text[], _etext[];

/* No frame pointers: show every word on the stack that may be a return address. */
void plat__dump_stack(const struct __regs *r)
{
	const uint64_t *sp = (const uint64_t *)ALIGN_UP(r->rsp, 8);
	const uint64_t *top = (const uint64_t *)ALIGN_UP((uint64_t)sp + 1, PAGE_SIZE);
	int n = 0;

	for (; sp < top && n < 12; sp++)
		if (*sp >= (uint64_t)_text && *sp < (uint64_t)_etext)
			print("  stack %2d: %016lx\n", n++, *sp);
}
