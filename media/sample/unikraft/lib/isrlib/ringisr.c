/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/isr.h>

/* n must be a power of two */
void uk_isr_ring_init(struct uk_isr_ring *r, unsigned long *slots, uint32_t n)
{
	r->head = r->tail = r->dropped = 0;
	r->mask = n - 1;
	r->slots = slots;
}

int uk_isr_ring_put(struct uk_isr_ring *r, unsigned long v)
{
	if (r->head - r->tail > r->mask) {
		r->dropped++;
		return -1;
	}
	r->slots[r->head & r->mask] = v;
	__asm__ volatile("" : : : "memory");
	r->head++;
	return 0;
}

int uk_isr_ring_get(struct uk_isr_ring *r, unsigned long *v)
{
	if (r->head == r->tail)
		return -1;
	*v = r->slots[r->tail & r->mask];
	__asm__ volatile("" : : : "memory");
	r->tail++;
	return 0;
}
