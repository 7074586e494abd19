/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include <uk/allocimpl.h>
#include <uk/assert.h>
#include <uk/print.h>

static struct uk_alloc *first;

/* Before a block stands its size; aligned blocks also keep where the page
 * allocation began. */
struct head {
	void *base;
	uint32_t pages;
	uint32_t magic;
	size_t size;
	size_t pad;
};
#define MAGIC 0xa110cu

/* Small blocks come from slabs of one page per power of two. */
#define SLAB_MIN 5
#define SLAB_MAX 10
#define SLAB_MAGIC 0x51abu
struct slab {
	uint32_t magic;
	uint16_t shift, used;
	void *free;
	struct slab *next, **back;
	struct uk_alloc *owner;
};
static struct slab *partial[SLAB_MAX + 1];

int uk_alloc_register(struct uk_alloc *a)
{
	struct uk_alloc **p = &first;

	while (*p)
		p = &(*p)->next;
	a->next = NULL;
	*p = a;
	return 0;
}

struct uk_alloc *uk_alloc_get_default(void)
{
	return first;
}

static void account(struct uk_alloc *a, size_t n, void *p)
{
	if (!p) {
		a->stats.fails++;
		return;
	}
	a->stats.mallocs++;
	a->stats.cur += n;
	if (a->stats.cur > a->stats.peak)
		a->stats.peak = a->stats.cur;
}

static void unlink_slab(struct slab *s)
{
	*s->back = s->next;
	if (s->next)
		s->next->back = s->back;
}

static void link_slab(struct slab *s)
{
	s->next = partial[s->shift];
	s->back = &partial[s->shift];
	if (s->next)
		s->next->back = &s->next;
	partial[s->shift] = s;
}

static struct slab *new_slab(struct uk_alloc *a, unsigned int shift)
{
	struct slab *s = uk_palloc(a, 1);
	char *p, *end;

	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->magic = SLAB_MAGIC;
	s->shift = (uint16_t)shift;
	s->owner = a;
	end = (char *)s + PAGE_SIZE;
	for (p = end - (1UL << shift); p >= (char *)s + sizeof(*s); p -= 1UL << shift) {
		*(void **)p = s->free;
		s->free = p;
	}
	link_slab(s);
	return s;
}

static void *slab_alloc(struct uk_alloc *a, unsigned int shift)
{
	struct slab *s = partial[shift] ? partial[shift] : new_slab(a, shift);
	void *p;

	if (!s)
		return NULL;
	p = s->free;
	s->free = *(void **)p;
	s->used++;
	if (!s->free)
		unlink_slab(s);
	return p;
}

static void slab_free(struct uk_alloc *a, struct slab *s, void *p)
{
	if (!s->free)
		link_slab(s);
	*(void **)p = s->free;
	s->free = p;
	if (--s->used == 0) {
		unlink_slab(s);
		s->magic = 0;
		uk_pfree(a, s, 1);
	}
}

/* Only page allocations of ours start with a slab's mark. */
static struct slab *slab_of(void *p)
{
	struct slab *s = (struct slab *)ALIGN_DOWN((uintptr_t)p, PAGE_SIZE);

	return ((uintptr_t)p & (PAGE_SIZE - 1)) && s->magic == SLAB_MAGIC ? s : NULL;
}

static void *big_alloc(struct uk_alloc *a, size_t align, size_t n)
{
	size_t total = n + sizeof(struct head) + (align > 16 ? align : 0);
	unsigned long pages = ALIGN_UP(total, PAGE_SIZE) >> PAGE_SHIFT;
	char *base = total < n ? NULL : uk_palloc(a, pages);
	struct head *h;
	char *p;

	if (!base)
		return NULL;
	p = (char *)ALIGN_UP((uintptr_t)base + sizeof(*h), align > 16 ? align : 16);
	h = (struct head *)p - 1;
	h->base = base;
	h->pages = (uint32_t)pages;
	h->magic = MAGIC;
	h->size = n;
	h->pad = (size_t)(p - base);
	*(uint32_t *)base = *(uint32_t *)base == SLAB_MAGIC ? 0 : *(uint32_t *)base;
	return p;
}

static size_t size_of(void *p)
{
	struct slab *s = slab_of(p);

	if (s)
		return 1UL << s->shift;
	UK_ASSERT(((struct head *)p - 1)->magic == MAGIC);
	return ((struct head *)p - 1)->size;
}

static void *pages_malloc(struct uk_alloc *a, size_t n)
{
	unsigned int shift = n <= 1UL << SLAB_MIN ? SLAB_MIN : 64 - (unsigned int)__builtin_clzl(n - 1);

	return shift <= SLAB_MAX ? slab_alloc(a, shift) : big_alloc(a, 16, n);
}

static void pages_free(struct uk_alloc *a, void *p)
{
	struct slab *s = slab_of(p);
	struct head *h = (struct head *)p - 1;

	if (s) {
		slab_free(a, s, p);
		return;
	}
	UK_ASSERT(h->magic == MAGIC);
	h->magic = 0;
	uk_pfree(a, h->base, h->pages);
}

static void *pages_realloc(struct uk_alloc *a, void *p, size_t n)
{
	size_t old = size_of(p);
	void *q;

	if (n <= old && n > old / 4)
		return p;
	q = pages_malloc(a, n);
	if (!q)
		return NULL;
	memcpy(q, p, MIN(old, n));
	pages_free(a, p);
	return q;
}

static void *pages_memalign(struct uk_alloc *a, size_t align, size_t n)
{
	if (!align || (align & (align - 1)))
		return NULL;
	return align <= 16 ? pages_malloc(a, n) : big_alloc(a, align, n);
}

void uk_alloc_use_pages(struct uk_alloc *a)
{
	a->malloc = pages_malloc;
	a->free = pages_free;
	a->realloc = pages_realloc;
	a->memalign = pages_memalign;
}

void *uk_malloc(struct uk_alloc *a, size_t n)
{
	void *p = n ? a->malloc(a, n) : NULL;

	if (n)
		account(a, n, p);
	if (!p && n)
		errno = ENOMEM;
	return p;
}

void *uk_calloc(struct uk_alloc *a, size_t n, size_t m)
{
	void *p;

	if (m && n > (size_t)-1 / m)
		return NULL;
	p = uk_malloc(a, n * m);
	return p ? memset(p, 0, n * m) : NULL;
}

void *uk_realloc(struct uk_alloc *a, void *p, size_t n)
{
	if (!p)
		return uk_malloc(a, n);
	if (!n) {
		uk_free(a, p);
		return NULL;
	}
	return a->realloc(a, p, n);
}

void *uk_memalign(struct uk_alloc *a, size_t align, size_t n)
{
	void *p = a->memalign(a, align, n);

	account(a, n, p);
	return p;
}

void uk_free(struct uk_alloc *a, void *p)
{
	if (!p)
		return;
	a->stats.frees++;
	a->free(a, p);
}

void *uk_palloc(struct uk_alloc *a, unsigned long pages)
{
	return a->palloc ? a->palloc(a, pages) : NULL;
}

void uk_pfree(struct uk_alloc *a, void *p, unsigned long pages)
{
	a->pfree(a, p, pages);
}

int uk_alloc_addmem(struct uk_alloc *a, void *base, size_t len)
{
	return a->addmem ? a->addmem(a, base, len) : -ENOSYS;
}

size_t uk_alloc_availmem(struct uk_alloc *a)
{
	return a->availmem ? a->availmem(a) : 0;
}
