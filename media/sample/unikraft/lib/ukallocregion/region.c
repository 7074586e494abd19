/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include <uk/allocregion.h>
#include <uk/print.h>

struct region {
	uintptr_t at, end;
};

static struct region *priv(struct uk_alloc *a)
{
	return (struct region *)a->priv;
}

static void *take(struct uk_alloc *a, size_t align, size_t n)
{
	struct region *r = priv(a);
	uintptr_t p = ALIGN_UP(r->at + sizeof(size_t), align);

	if (p + n > r->end || p + n < p) {
		uk_pr_warn("region is used up\n");
		return NULL;
	}
	((size_t *)p)[-1] = n;
	r->at = p + n;
	return (void *)p;
}

static void *region_malloc(struct uk_alloc *a, size_t n)
{
	return take(a, 16, n);
}

static void *region_memalign(struct uk_alloc *a, size_t align, size_t n)
{
	return align && !(align & (align - 1)) ? take(a, MAX(align, 16UL), n) : NULL;
}

static void region_free(struct uk_alloc *a __unused, void *p __unused)
{
}

static void *region_realloc(struct uk_alloc *a, void *p, size_t n)
{
	size_t old = ((size_t *)p)[-1];
	void *q;

	if (n <= old)
		return p;
	q = take(a, 16, n);
	return q ? memcpy(q, p, old) : NULL;
}

static void *region_palloc(struct uk_alloc *a, unsigned long pages)
{
	return take(a, PAGE_SIZE, pages << PAGE_SHIFT);
}

static void region_pfree(struct uk_alloc *a __unused, void *p __unused, unsigned long n __unused)
{
}

static int region_addmem(struct uk_alloc *a __unused, void *base __unused, size_t len __unused)
{
	return -ENOSYS;
}

static size_t region_availmem(struct uk_alloc *a)
{
	return priv(a)->end - priv(a)->at;
}

struct uk_alloc *uk_allocregion_init(void *base, size_t len)
{
	struct uk_alloc *a = (struct uk_alloc *)ALIGN_UP((uintptr_t)base, 16);
	struct region *r = priv(a);

	if (len < sizeof(*a) + sizeof(*r) + PAGE_SIZE)
		return NULL;
	memset(a, 0, sizeof(*a));
	r->at = (uintptr_t)(r + 1);
	r->end = (uintptr_t)base + len;
	a->malloc = region_malloc;
	a->memalign = region_memalign;
	a->free = region_free;
	a->realloc = region_realloc;
	a->palloc = region_palloc;
	a->pfree = region_pfree;
	a->addmem = region_addmem;
	a->availmem = region_availmem;
	uk_alloc_register(a);
	return a;
}
