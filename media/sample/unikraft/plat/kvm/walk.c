/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/plat/paging.h>
#include "plat.h"
#include "x86.h"

#define PTE_ADDR 0x000ffffffffff000UL

static uint64_t *root(void)
{
	uint64_t cr3;

	__asm__("movq %%cr3, %0" : "=r"(cr3));
	return (uint64_t *)(cr3 & PTE_ADDR);
}

/* Walk the tables down to the entry that maps addr; *shift tells its size. */
static uint64_t *lookup(uint64_t addr, unsigned int *shift)
{
	uint64_t *table = root();
	unsigned int s;

	for (s = 39;; s -= 9) {
		uint64_t *pte = &table[addr >> s & 511];

		if (!(*pte & PTE_P) || s == 12 || (*pte & PTE_PS)) {
			*shift = s;
			return pte;
		}
		table = (uint64_t *)(*pte & PTE_ADDR);
	}
}

int ukplat_page_query(uint64_t addr, struct ukplat_page_info *info)
{
	unsigned int shift;
	uint64_t *pte = lookup(addr, &shift);

	if (!(*pte & PTE_P))
		return -14;
	info->size = 1UL << shift;
	info->paddr = (*pte & PTE_ADDR & ~(info->size - 1)) | (addr & (info->size - 1));
	info->writable = !!(*pte & PTE_W);
	return 0;
}

int ukplat_page_protect(uint64_t addr, int writable)
{
	unsigned int shift;
	uint64_t *pte = lookup(addr, &shift);

	if (!(*pte & PTE_P) || shift != 12)
		return -22;
	*pte = writable ? *pte | PTE_W : *pte & ~(uint64_t)PTE_W;
	__asm__ volatile("invlpg (%0)" : : "r"(addr) : "memory");
	return 0;
}
