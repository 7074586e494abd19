/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include "plat.h"

static int put(struct ukplat_bootinfo *bi, uint32_t at, const struct ukplat_memregion *r)
{
	if (bi->count >= bi->capacity)
		return -12;
	memmove(&bi->regions[at + 1], &bi->regions[at], (bi->count - at) * sizeof(*r));
	bi->regions[at] = *r;
	bi->count++;
	return 0;
}

/* Keep the table sorted. A free region is cut around those that are already
 * there; any other is taken as it is. */
int ukplat_memregion_insert(struct ukplat_bootinfo *bi, const struct ukplat_memregion *r)
{
	struct ukplat_memregion rest = *r;
	uint64_t end = r->pbase + r->len;
	uint32_t i;
	int rc;

	if (r->type != UKPLAT_MEMRT_FREE) {
		for (i = 0; i < bi->count && bi->regions[i].pbase < r->pbase; i++)
			;
		return put(bi, i, r);
	}
	for (i = 0; i < bi->count && rest.pbase < end; i++) {
		const struct ukplat_memregion *m = &bi->regions[i];
		uint64_t m_end = m->pbase + m->len;

		if (m_end <= rest.pbase)
			continue;
		if (m->pbase >= end)
			break;
		if (m->pbase > rest.pbase) {
			rest.len = m->pbase - rest.pbase;
			rest.pg_count = rest.len >> PAGE_SHIFT;
			rest.vbase = rest.pbase;
			rc = put(bi, i, &rest);
			if (rc < 0)
				return rc;
			i++;
		}
		rest.pbase = MAX(rest.pbase, m_end);
	}
	if (rest.pbase >= end)
		return 0;
	rest.len = end - rest.pbase;
	rest.pg_count = rest.len >> PAGE_SHIFT;
	rest.vbase = rest.pbase;
	for (i = 0; i < bi->count && bi->regions[i].pbase < rest.pbase; i++)
		;
	return put(bi, i, &rest);
}

/* Join neighbours of one kind; kernel segments stay apart, their rights differ. */
void ukplat_memregion_coalesce(struct ukplat_bootinfo *bi)
{
	uint32_t i = 0;

	while (i + 1 < bi->count) {
		struct ukplat_memregion *a = &bi->regions[i], *b = a + 1;

		if (a->type == b->type && a->flags == b->flags && a->type != UKPLAT_MEMRT_KERNEL &&
		    a->pbase + a->len >= b->pbase) {
			uint64_t end = MAX(a->pbase + a->len, b->pbase + b->len);

			a->len = end - a->pbase;
			a->pg_count = a->len >> PAGE_SHIFT;
			memmove(b, b + 1, (bi->count - i - 2) * sizeof(*b));
			bi->count--;
		} else {
			i++;
		}
	}
}

const struct ukplat_memregion *ukplat_memregion_next(const struct ukplat_memregion *prev,
						     unsigned int type)
{
	struct ukplat_bootinfo *bi = ukplat_bootinfo_get();
	uint32_t i = prev ? prev - bi->regions + 1 : 0;

	for (; i < bi->count; i++)
		if (bi->regions[i].type & type)
			return &bi->regions[i];
	return NULL;
}

int ukplat_memregion_count(unsigned int type)
{
	const struct ukplat_memregion *r = NULL;
	int n = 0;

	while ((r = ukplat_memregion_next(r, type)))
		n++;
	return n;
}

uint64_t ukplat_memregion_total(unsigned int type)
{
	const struct ukplat_memregion *r = NULL;
	uint64_t sum = 0;

	while ((r = ukplat_memregion_next(r, type)))
		sum += r->len;
	return sum;
}

const char *ukplat_memregion_typename(unsigned int type)
{
	switch (type) {
	case UKPLAT_MEMRT_FREE:
		return "free";
	case UKPLAT_MEMRT_RESERVED:
		return "rsvd";
	case UKPLAT_MEMRT_KERNEL:
		return "krnl";
	case UKPLAT_MEMRT_CMDLINE:
		return "cmdl";
	case UKPLAT_MEMRT_INITRD:
		return "inrd";
	default:
		return "????";
	}
}
