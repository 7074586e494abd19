/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "x86.h"

/* The first 4 GiB, mapped one to one: 4 KiB pages for the first 2 MiB, so that
 * address 0 can stay unmapped, 2 MiB pages above. Seven pages in all. */
	.text
	.balign 4096
bpt_pt0:
	.quad	0
	.set	page, 1
	.rept	511
	.quad	(page << 12) + PTE_P + PTE_W
	.set	page, page + 1
	.endr
bpt_pd0:
	.quad	bpt_pt0 + PTE_P + PTE_W
	.set	large, 1
	.rept	2047
	.quad	(large << 21) + PTE_P + PTE_W + PTE_PS
	.set	large, large + 1
	.endr
bpt_pdpt:
	.quad	bpt_pd0 + PTE_P + PTE_W
	.quad	bpt_pd0 + 0x1000 + PTE_P + PTE_W
	.quad	bpt_pd0 + 0x2000 + PTE_P + PTE_W
	.quad	bpt_pd0 + 0x3000 + PTE_P + PTE_W
	.fill	508, 8, 0
	.globl x86_bpt_pml4
x86_bpt_pml4:
	.quad	bpt_pdpt + PTE_P + PTE_W
	.fill	511, 8, 0

	.section .note.GNU-stack, "", %progbits
