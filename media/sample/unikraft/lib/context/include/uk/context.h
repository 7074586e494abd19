/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>

/* A context is its stack pointer; everything else stands on the stack. */
struct uk_context {
	void *sp;
	unsigned long tlsp;
	void *ectx; /* SSE and x87 state, if it has to be kept */
};
void uk_context_init(struct uk_context *c, void *stack, size_t len, void (*fn)(void *), void *arg,
		     unsigned long tlsp);
void uk_context_switch(struct uk_context *from, struct uk_context *to);

size_t uk_ectx_size(void);
void uk_ectx_init(void *area);
void uk_ectx_save(void *area);
void uk_ectx_load(const void *area);
int uk_ectx_same(const void *a, const void *b);
