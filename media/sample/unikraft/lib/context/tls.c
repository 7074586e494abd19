/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/assert.h>
#include <uk/essentials.h>
#include <uk/tls.h>

extern char _tls_start[], _etdata[], _tls_end[];

/* The linker rounds the block up to its largest alignment. Nothing here may ask
 * for more than a word, so that rounding to 8 bytes comes to the same.
 *
 * The block of variables ends where the thread pointer points; there stands
 * the pointer to itself that the ABI asks for. */
#define TCB_SIZE 64
#define AREA_ALIGN 32

static size_t vars_len(void)
{
	return ALIGN_UP((size_t)(_tls_end - _tls_start), 8UL);
}

size_t uk_tls_area_size(void)
{
	return ALIGN_UP(vars_len(), (size_t)AREA_ALIGN) + TCB_SIZE;
}

unsigned long uk_tls_tlsp(void *area)
{
	return (unsigned long)area + ALIGN_UP(vars_len(), (size_t)AREA_ALIGN);
}

void *uk_tls_alloc(struct uk_alloc *a)
{
	char *area = uk_memalign(a, AREA_ALIGN, uk_tls_area_size());
	char *tp, *vars;

	if (!area)
		return NULL;
	memset(area, 0, uk_tls_area_size());
	tp = (char *)uk_tls_tlsp(area);
	vars = tp - vars_len();
	memcpy(vars, _tls_start, (size_t)(_etdata - _tls_start));
	*(void **)tp = tp;
	return area;
}

void uk_tls_free(struct uk_alloc *a, void *area)
{
	uk_free(a, area);
}
