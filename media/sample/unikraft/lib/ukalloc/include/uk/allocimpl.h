/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/alloc.h>
#include <uk/essentials.h>

struct uk_alloc_stats {
	unsigned long mallocs, frees, fails;
	size_t cur, peak;
};
/* An allocator gives pages; small blocks are made of them by ukalloc. One that
 * has its own malloc sets those entries. */
struct uk_alloc {
	void *(*malloc)(struct uk_alloc *a, size_t n);
	void (*free)(struct uk_alloc *a, void *p);
	void *(*realloc)(struct uk_alloc *a, void *p, size_t n);
	void *(*memalign)(struct uk_alloc *a, size_t align, size_t n);
	void *(*palloc)(struct uk_alloc *a, unsigned long pages);
	void (*pfree)(struct uk_alloc *a, void *p, unsigned long pages);
	int (*addmem)(struct uk_alloc *a, void *base, size_t len);
	size_t (*availmem)(struct uk_alloc *a);
	struct uk_alloc_stats stats;
	struct uk_alloc *next;
	char priv[];
};
int uk_alloc_register(struct uk_alloc *a);
void uk_alloc_use_pages(struct uk_alloc *a);

/* Counters of a library's own allocations, listed in a section. */
struct uk_alloc_libstats {
	const char *lib;
	unsigned long count;
};
#define UK_ALLOC_LIBSTATS(var, lib) \
	static struct uk_alloc_libstats __used __section(".uk_alloc_libstats") __align(8) \
		var = { lib, 0 }
unsigned long uk_alloc_libstats_total(int *libs);
void uk_alloc_get_stats(struct uk_alloc *a, struct uk_alloc_stats *out);
