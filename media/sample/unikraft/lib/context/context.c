/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/context.h>
#include <uk/essentials.h>
#include <uk/plat/platform.h>

void context__swap(void **from_sp, void *to_sp);
void context__start(void);

void uk_context_init(struct uk_context *c, void *stack, size_t len, void (*fn)(void *), void *arg,
		     unsigned long tlsp)
{
	unsigned long *sp = (unsigned long *)ALIGN_DOWN((uintptr_t)stack + len, 16UL);

	*--sp = 0;
	*--sp = 0; /* a call from context__start finds the stack aligned */
	*--sp = (unsigned long)context__start;
	*--sp = 0;			/* rbp */
	*--sp = 0;			/* rbx */
	*--sp = (unsigned long)fn;	/* r12 */
	*--sp = (unsigned long)arg;	/* r13 */
	*--sp = 0;
	*--sp = 0;
	c->sp = sp;
	c->tlsp = tlsp;
	c->ectx = NULL;
}

void uk_context_switch(struct uk_context *from, struct uk_context *to)
{
	if (from->ectx)
		uk_ectx_save(from->ectx);
	if (to->ectx)
		uk_ectx_load(to->ectx);
	if (from->tlsp != to->tlsp)
		ukplat_tlsp_set(to->tlsp);
	context__swap(&from->sp, to->sp);
}
