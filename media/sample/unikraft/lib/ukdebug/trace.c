/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/trace.h>

#define RING 256

extern struct uk_tracepoint uk_tracepoints_start[], uk_tracepoints_end[];

static struct {
	struct uk_tracepoint *tp;
	unsigned long a, b;
} ring[RING];
static unsigned int head;

void uk_trace_hit(struct uk_tracepoint *tp, unsigned long a, unsigned long b)
{
	tp->hits++;
	ring[head % RING].tp = tp;
	ring[head % RING].a = a;
	ring[head % RING].b = b;
	head++;
}

void uk_trace_summary(void (*fn)(const char *name, unsigned long hits))
{
	struct uk_tracepoint *tp;

	for (tp = uk_tracepoints_start; tp < uk_tracepoints_end; tp++)
		fn(tp->name, tp->hits);
}

int uk_trace_replay(void (*fn)(const char *name, unsigned long a, unsigned long b))
{
	unsigned int i = head > RING ? head - RING : 0;
	int n = 0;

	for (; i < head; i++, n++)
		fn(ring[i % RING].tp->name, ring[i % RING].a, ring[i % RING].b);
	return n;
}
