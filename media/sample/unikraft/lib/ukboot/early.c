/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/bootreg.h>
#include <uk/boot.h>
#include <uk/plat/platform.h>

extern const uk_boot_early_fn uk_boot_earlytab_start[], uk_boot_earlytab_end[];

void uk_boot_early_init(struct ukplat_bootinfo *bi)
{
	const uk_boot_early_fn *fn;

	for (fn = uk_boot_earlytab_start; fn < uk_boot_earlytab_end; fn++)
		if ((*fn)(bi) < 0)
			ukplat_halt(UKPLAT_CRASH);
}

/* Two entries of the boot library itself. */
static int check_table(struct ukplat_bootinfo *bi)
{
	uint32_t i;

	for (i = 1; i < bi->count; i++)
		if (bi->regions[i].pbase < bi->regions[i - 1].pbase)
			return -1;
	return 0;
}
UK_BOOT_EARLYTAB_ENTRY(check_table, 0);

static uint64_t boot_memory;

static int count_memory(struct ukplat_bootinfo *bi __unused)
{
	boot_memory = ukplat_memregion_total(UKPLAT_MEMRT_FREE);
	return boot_memory ? 0 : -1;
}
UK_BOOT_EARLYTAB_ENTRY(count_memory, 8);
