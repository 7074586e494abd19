/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/io.h>
#include "plat.h"

/* The two cascaded 8259 controllers, remapped behind the traps. */
#define PIC1 0x20
#define PIC2 0xa0
#define EOI 0x20
#define NIRQ 16
#define NHANDLER 4

static struct {
	int (*fn)(void *);
	void *arg;
} handlers[NIRQ][NHANDLER];
static unsigned long counts[NIRQ];
static uint16_t mask = 0xffff;

static void apply_mask(void)
{
	outb(PIC1 + 1, (uint8_t)mask);
	outb(PIC2 + 1, (uint8_t)(mask >> 8));
}

void plat__intctrl_init(void)
{
	static const uint8_t icw[][2] = { { 32, 40 }, { 4, 2 }, { 1, 1 } };
	unsigned int i;

	outb(PIC1, 0x11);
	outb(PIC2, 0x11);
	for (i = 0; i < ARRAY_SIZE(icw); i++) {
		outb(PIC1 + 1, icw[i][0]);
		outb(PIC2 + 1, icw[i][1]);
	}
	mask = 0xfffb; /* the cascade stays open */
	apply_mask();
}

int ukplat_irq_register(unsigned int irq, int (*fn)(void *), void *arg)
{
	unsigned long flags;
	int i;

	if (irq >= NIRQ)
		return -22;
	flags = ukplat_irq_save();
	for (i = 0; i < NHANDLER; i++) {
		if (handlers[irq][i].fn)
			continue;
		handlers[irq][i].fn = fn;
		handlers[irq][i].arg = arg;
		mask &= ~(1U << irq);
		apply_mask();
		ukplat_irq_restore(flags);
		return 0;
	}
	ukplat_irq_restore(flags);
	return -12;
}

unsigned long ukplat_irq_count(unsigned int irq)
{
	return irq < NIRQ ? *(volatile unsigned long *)&counts[irq] : 0;
}

void do_irq(struct __regs *r);
void do_irq(struct __regs *r)
{
	unsigned int irq = (unsigned int)r->vector;
	int i;

	counts[irq]++;
	for (i = 0; i < NHANDLER && handlers[irq][i].fn; i++)
		if (handlers[irq][i].fn(handlers[irq][i].arg))
			break;
	if (irq >= 8)
		outb(PIC2, EOI);
	outb(PIC1, EOI);
}
