/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/alloc.h>

/* Objects of one size, taken from one block. */
struct uk_allocpool;
struct uk_allocpool *uk_allocpool_create(struct uk_alloc *parent, unsigned int count, size_t size,
					 size_t align);
void uk_allocpool_destroy(struct uk_allocpool *p);
void *uk_allocpool_take(struct uk_allocpool *p);
unsigned int uk_allocpool_take_batch(struct uk_allocpool *p, void *out[], unsigned int n);
void uk_allocpool_return(struct uk_allocpool *p, void *obj);
unsigned int uk_allocpool_available(const struct uk_allocpool *p);

/* Memory that is given back all at once. */
struct uk_arena {
	struct uk_alloc *parent;
	struct uk_arena_chunk *chunks;
	size_t chunk_size, used, total;
};
void uk_arena_init(struct uk_arena *a, struct uk_alloc *parent, size_t chunk_size);
void *uk_arena_alloc(struct uk_arena *a, size_t n);
char *uk_arena_strndup(struct uk_arena *a, const char *s, size_t n);
void uk_arena_reset(struct uk_arena *a);
