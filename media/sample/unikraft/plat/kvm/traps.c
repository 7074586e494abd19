/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/event.h>
#include <uk/config.h>
#include "plat.h"
#include "x86.h"

struct idt_gate {
	uint16_t off0, sel;
	uint8_t ist, attr;
	uint16_t off1;
	uint32_t off2, zero;
};

static struct idt_gate idt[48] __align(16);
extern const uint64_t trap_entries[22], irq_entries[16];

/* Each kind of trap is an event: a library may resolve it before it is fatal. */
UK_EVENT(trap_invalid_op);
UK_EVENT(trap_debug);
UK_EVENT(trap_page_fault);
UK_EVENT(trap_bus_error);
UK_EVENT(trap_math);
UK_EVENT(trap_security);

static struct uk_event *event_of(int vector)
{
	switch (vector) {
	case 0:
	case 16:
	case 19:
		return &uk_event_trap_math;
	case 1:
	case 3:
		return &uk_event_trap_debug;
	case 6:
		return &uk_event_trap_invalid_op;
	case 10:
	case 11:
	case 12:
	case 17:
		return &uk_event_trap_bus_error;
	case 13:
	case 21:
		return &uk_event_trap_security;
	case 14:
		return &uk_event_trap_page_fault;
	default:
		return NULL;
	}
}

void do_trap(struct __regs *r);
void do_trap(struct __regs *r)
{
	struct ukplat_trap_ctx ctx = { .regs = r, .vector = (int)r->vector, .error = r->error };
	struct uk_event *e = event_of(ctx.vector);

	if (ctx.vector == 14)
		__asm__("movq %%cr2, %0" : "=r"(ctx.address));
	if (e && uk_raise_event_ptr(e, &ctx) != UK_EVENT_NOT_HANDLED)
		return;
	plat__dump_regs(r);
	plat__dump_stack(r);
	plat__fatal("unhandled trap");
}

static void gate(int vec, uint64_t fn, int ist)
{
	struct idt_gate *g = &idt[vec];

	g->off0 = fn;
	g->off1 = fn >> 16;
	g->off2 = fn >> 32;
	g->sel = SEL_CODE;
	g->attr = 0x8e;
	g->ist = ist;
}

void plat__traps_init(void)
{
	struct {
		uint16_t limit;
		uint64_t base;
	} __packed idtr = { sizeof(idt) - 1, (uint64_t)idt };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(trap_entries); i++)
		gate(i, trap_entries[i], i == 8 ? 1 : i == 2 ? 2 : 0);
	for (i = 0; i < ARRAY_SIZE(irq_entries); i++)
		gate(32 + i, irq_entries[i], 0);
	__asm__ volatile("lidt %0" : : "m"(idtr));
}
