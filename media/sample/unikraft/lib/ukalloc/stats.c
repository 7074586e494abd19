/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/allocimpl.h>

extern struct uk_alloc_libstats uk_alloc_libstats_start[], uk_alloc_libstats_end[];

unsigned long uk_alloc_libstats_total(int *libs)
{
	struct uk_alloc_libstats *s;
	unsigned long n = 0;

	*libs = 0;
	for (s = uk_alloc_libstats_start; s < uk_alloc_libstats_end; s++) {
		n += s->count;
		++*libs;
	}
	return n;
}

void uk_alloc_get_stats(struct uk_alloc *a, struct uk_alloc_stats *out)
{
	*out = a->stats;
}
