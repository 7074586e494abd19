/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/allocbbuddy.h>
#include "bbuddy_priv.h"

/* Walk every free list: blocks aligned, inside a region, the sum as booked. */
int uk_allocbbuddy_check(struct uk_alloc *a, unsigned long free_per_order[], int orders)
{
	struct bbuddy__priv *b = (struct bbuddy__priv *)a->priv;
	struct bbuddy__block *blk;
	size_t sum = 0;
	int o, i;

	for (o = 0; o < ORDERS; o++) {
		unsigned long n = 0;

		uk_list_for_each_entry(blk, &b->free[o], link) {
			uintptr_t p = (uintptr_t)blk;

			if (blk->order != (unsigned long)o || (p & ((PAGE_SIZE << o) - 1)))
				return -1;
			for (i = 0; i < b->nregions; i++)
				if (p >= b->regions[i].base &&
				    p + (PAGE_SIZE << o) <=
					    b->regions[i].base + (b->regions[i].pages << PAGE_SHIFT))
					break;
			if (i == b->nregions)
				return -2;
			sum += PAGE_SIZE << o;
			n++;
		}
		if (o < orders)
			free_per_order[o] = n;
	}
	return sum == b->avail ? 0 : -3;
}
