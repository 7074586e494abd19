/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct uk_alloc;
struct uk_alloc *uk_alloc_get_default(void);
void *uk_malloc(struct uk_alloc *a, size_t n);
void *uk_calloc(struct uk_alloc *a, size_t n, size_t m);
void *uk_realloc(struct uk_alloc *a, void *p, size_t n);
void *uk_memalign(struct uk_alloc *a, size_t align, size_t n);
void uk_free(struct uk_alloc *a, void *p);
void *uk_palloc(struct uk_alloc *a, unsigned long pages);
void uk_pfree(struct uk_alloc *a, void *p, unsigned long pages);
int uk_alloc_addmem(struct uk_alloc *a, void *base, size_t len);
size_t uk_alloc_availmem(struct uk_alloc *a);
