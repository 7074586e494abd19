/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/config.h>
#include <uk/essentials.h>

/* Tracepoints are listed in a section; hits go to a ring buffer. */
struct uk_tracepoint {
	const char *name;
	unsigned long hits;
};
#if CONFIG_LIBUKDEBUG_TRACE
#define UK_TRACEPOINT(n) \
	static struct uk_tracepoint __used __section(".uk_tracepoints_list") __align(8) \
		__uk_tp_##n = { #n, 0 }
#define uk_trace(n, a, b) uk_trace_hit(&__uk_tp_##n, (unsigned long)(a), (unsigned long)(b))
void uk_trace_hit(struct uk_tracepoint *tp, unsigned long a, unsigned long b);
void uk_trace_summary(void (*fn)(const char *name, unsigned long hits));
int uk_trace_replay(void (*fn)(const char *name, unsigned long a, unsigned long b));
#else
#define UK_TRACEPOINT(n) struct uk_tracepoint
#define uk_trace(n, a, b) ((void)0)
#endif
