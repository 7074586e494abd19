/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/allocimpl.h>
#include <uk/allocpool.h>

UK_ALLOC_LIBSTATS(libstats, "ukarena");

struct uk_arena_chunk {
	struct uk_arena_chunk *next;
	size_t used, cap;
	char data[] __align(16);
};

void uk_arena_init(struct uk_arena *a, struct uk_alloc *parent, size_t chunk_size)
{
	memset(a, 0, sizeof(*a));
	a->parent = parent;
	a->chunk_size = chunk_size;
}

void *uk_arena_alloc(struct uk_arena *a, size_t n)
{
	struct uk_arena_chunk *c = a->chunks;
	void *p;

	n = ALIGN_UP(n, 16UL);
	if (!c || c->cap - c->used < n) {
		size_t cap = MAX(a->chunk_size, n);

		c = uk_malloc(a->parent, sizeof(*c) + cap);
		if (!c)
			return NULL;
		c->used = 0;
		c->cap = cap;
		c->next = a->chunks;
		a->chunks = c;
		a->total += cap;
		libstats.count++;
	}
	p = c->data + c->used;
	c->used += n;
	a->used += n;
	return p;
}

char *uk_arena_strndup(struct uk_arena *a, const char *s, size_t n)
{
	char *p = uk_arena_alloc(a, n + 1);

	if (!p)
		return NULL;
	memcpy(p, s, n);
	p[n] = 0;
	return p;
}

void uk_arena_reset(struct uk_arena *a)
{
	while (a->chunks) {
		struct uk_arena_chunk *c = a->chunks;

		a->chunks = c->next;
		uk_free(a->parent, c);
	}
	a->used = a->total = 0;
}
