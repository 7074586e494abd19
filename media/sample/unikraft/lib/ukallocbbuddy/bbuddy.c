/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include <uk/allocbbuddy.h>
#include <uk/assert.h>
#include <uk/print.h>
#include "bbuddy_priv.h"

static struct bbuddy__priv *priv(struct uk_alloc *a)
{
	return (struct bbuddy__priv *)a->priv;
}

static struct bbuddy__region *region_of(struct bbuddy__priv *b, uintptr_t p)
{
	int i;

	for (i = 0; i < b->nregions; i++)
		if (p >= b->regions[i].base &&
		    p < b->regions[i].base + (b->regions[i].pages << PAGE_SHIFT))
			return &b->regions[i];
	return NULL;
}

static int is_used(const struct bbuddy__region *r, unsigned long page)
{
	return r->bits[page >> 6] >> (page & 63) & 1;
}

static void mark(struct bbuddy__region *r, unsigned long page, unsigned long n, int used)
{
	for (; n; n--, page++) {
		if (used)
			r->bits[page >> 6] |= 1UL << (page & 63);
		else
			r->bits[page >> 6] &= ~(1UL << (page & 63));
	}
}

static void push(struct bbuddy__priv *b, uintptr_t p, unsigned long order)
{
	struct bbuddy__block *blk = (struct bbuddy__block *)p;

	blk->order = order;
	uk_list_add(&blk->link, &b->free[order]);
}

static unsigned long order_of(unsigned long pages)
{
	unsigned long o = 0;

	while ((1UL << o) < pages)
		o++;
	return o;
}

static void *bbuddy_palloc(struct uk_alloc *a, unsigned long pages)
{
	struct bbuddy__priv *b = priv(a);
	unsigned long want = order_of(pages), o;
	struct bbuddy__block *blk;
	struct bbuddy__region *r;

	for (o = want; o < ORDERS && uk_list_empty(&b->free[o]); o++)
		;
	if (o >= ORDERS) {
		uk_pr_warn("no block of %lu pages\n", pages);
		return NULL;
	}
	blk = uk_list_first_entry(&b->free[o], struct bbuddy__block, link);
	uk_list_del(&blk->link);
	while (o > want) {
		o--;
		push(b, (uintptr_t)blk + (PAGE_SIZE << o), o);
	}
	r = region_of(b, (uintptr_t)blk);
	UK_ASSERT(r);
	mark(r, ((uintptr_t)blk - r->base) >> PAGE_SHIFT, 1UL << want, 1);
	b->avail -= PAGE_SIZE << want;
	return blk;
}

/* Is the buddy free as one block of that order? Its first page tells, if it is
 * free at all and all of it is. */
static int buddy_free(const struct bbuddy__region *r, uintptr_t buddy, unsigned long order)
{
	uintptr_t end = r->base + (r->pages << PAGE_SHIFT);

	if (buddy < r->base || buddy + (PAGE_SIZE << order) > end)
		return 0;
	if (is_used(r, (buddy - r->base) >> PAGE_SHIFT))
		return 0;
	return ((struct bbuddy__block *)buddy)->order == order;
}

static void merge(struct bbuddy__priv *b, struct bbuddy__region *r, uintptr_t p, unsigned long o)
{
	while (o + 1 < ORDERS) {
		uintptr_t buddy = p ^ (PAGE_SIZE << o);

		if (!buddy_free(r, buddy, o))
			break;
		uk_list_del(&((struct bbuddy__block *)buddy)->link);
		p = MIN(p, buddy);
		o++;
	}
	push(b, p, o);
}

static void bbuddy_pfree(struct uk_alloc *a, void *p, unsigned long pages)
{
	struct bbuddy__priv *b = priv(a);
	struct bbuddy__region *r = region_of(b, (uintptr_t)p);
	unsigned long o = order_of(pages), page;

	UK_ASSERT(r);
	page = ((uintptr_t)p - r->base) >> PAGE_SHIFT;
	UK_ASSERT(is_used(r, page));
	mark(r, page, 1UL << o, 0);
	b->avail += PAGE_SIZE << o;
	merge(b, r, (uintptr_t)p, o);
}

/* The region's bitmap takes its first pages; at least one must be left over. */
static int bbuddy_addmem(struct uk_alloc *a, void *base, size_t len)
{
	struct bbuddy__priv *b = priv(a);
	uintptr_t start = ALIGN_UP((uintptr_t)base, PAGE_SIZE);
	uintptr_t end = ALIGN_DOWN((uintptr_t)base + len, PAGE_SIZE), p;
	size_t map_len;
	struct bbuddy__region *r;

	if (b->nregions == MAX_REGIONS)
		return -ENOSPC;
	map_len = end > start ? ALIGN_UP(((end - start) >> PAGE_SHIFT) / 8 + 8, PAGE_SIZE) : 0;
	if (end <= start || map_len + PAGE_SIZE > end - start) {
		uk_pr_err("refused: not enough space in a region of %lu byte(s)\n", len);
		return -ENOMEM;
	}
	r = &b->regions[b->nregions++];
	r->bits = (uint64_t *)start;
	memset(r->bits, 0, map_len);
	r->base = start + map_len;
	r->pages = (end - r->base) >> PAGE_SHIFT;
	b->avail += end - r->base;

	/* cut it into the largest aligned blocks */
	for (p = r->base; p < end;) {
		unsigned long o = 0;

		while (o + 1 < ORDERS && !(p & ((PAGE_SIZE << (o + 1)) - 1)) &&
		       p + (PAGE_SIZE << (o + 1)) <= end)
			o++;
		push(b, p, o);
		p += PAGE_SIZE << o;
	}
	return 0;
}

static size_t bbuddy_availmem(struct uk_alloc *a)
{
	return priv(a)->avail;
}

struct uk_alloc *uk_allocbbuddy_init(void *base, size_t len)
{
	struct uk_alloc *a = (struct uk_alloc *)ALIGN_UP((uintptr_t)base, 16);
	size_t need = ALIGN_UP(sizeof(*a) + sizeof(struct bbuddy__priv), 64);
	int i;

	if (len < need + 4 * PAGE_SIZE) {
		uk_pr_err("refused: not enough space for the allocator itself\n");
		return NULL;
	}
	memset(a, 0, need);
	for (i = 0; i < ORDERS; i++)
		uk_list_init(&priv(a)->free[i]);
	a->palloc = bbuddy_palloc;
	a->pfree = bbuddy_pfree;
	a->addmem = bbuddy_addmem;
	a->availmem = bbuddy_availmem;
	uk_alloc_use_pages(a);
	if (bbuddy_addmem(a, (char *)a + need, len - need - 16) < 0)
		return NULL;
	uk_alloc_register(a);
	return a;
}
