/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/allocimpl.h>
#include <uk/allocpool.h>
#include <uk/assert.h>

UK_ALLOC_LIBSTATS(libstats, "ukallocpool");

struct uk_allocpool {
	struct uk_alloc *parent;
	void *free;
	char *base;
	size_t stride;
	unsigned int count, avail;
};

struct uk_allocpool *uk_allocpool_create(struct uk_alloc *parent, unsigned int count, size_t size,
					 size_t align)
{
	struct uk_allocpool *p = uk_malloc(parent, sizeof(*p));
	unsigned int i;

	if (!p)
		return NULL;
	align = MAX(align, sizeof(void *));
	p->stride = ALIGN_UP(MAX(size, sizeof(void *)), align);
	p->parent = parent;
	p->base = uk_memalign(parent, MAX(align, 32UL), p->stride * count);
	if (!p->base) {
		uk_free(parent, p);
		return NULL;
	}
	p->count = p->avail = count;
	p->free = NULL;
	for (i = count; i--;) {
		void **obj = (void **)(p->base + i * p->stride);

		*obj = p->free;
		p->free = obj;
	}
	libstats.count++;
	return p;
}

void uk_allocpool_destroy(struct uk_allocpool *p)
{
	UK_ASSERT(p->avail == p->count);
	uk_free(p->parent, p->base);
	uk_free(p->parent, p);
}

void *uk_allocpool_take(struct uk_allocpool *p)
{
	void **obj = p->free;

	if (!obj)
		return NULL;
	p->free = *obj;
	p->avail--;
	libstats.count++;
	return obj;
}

unsigned int uk_allocpool_take_batch(struct uk_allocpool *p, void *out[], unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++) {
		out[i] = uk_allocpool_take(p);
		if (!out[i])
			break;
	}
	return i;
}

void uk_allocpool_return(struct uk_allocpool *p, void *obj)
{
	size_t off = (size_t)((char *)obj - p->base);

	UK_ASSERT(off % p->stride == 0 && off / p->stride < p->count);
	*(void **)obj = p->free;
	p->free = obj;
	p->avail++;
}

unsigned int uk_allocpool_available(const struct uk_allocpool *p)
{
	return p->avail;
}
