/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "plat.h"

/* Filled in after the link by support/mkbootinfo.py. */
static char __section(".uk_bootinfo") __align(8) __used
	bi_section[sizeof(struct ukplat_bootinfo) +
		   UKPLAT_MEMREGION_MAX * sizeof(struct ukplat_memregion)];

struct ukplat_bootinfo *ukplat_bootinfo_get(void)
{
	struct ukplat_bootinfo *bi = (struct ukplat_bootinfo *)bi_section;

	/* the compiler must not conclude that the section is all zeros */
	__asm__("" : "+r"(bi));
	if (bi->magic != UKPLAT_BOOTINFO_MAGIC || bi->version != UKPLAT_BOOTINFO_VERSION ||
	    bi->count == 0 || bi->count > bi->capacity)
		return NULL;
	return bi;
}

void multiboot_entry(const struct multiboot_info *mi);
void multiboot_entry(const struct multiboot_info *mi)
{
	struct ukplat_bootinfo *bi = ukplat_bootinfo_get();

	if (!bi)
		plat__fatal("no boot information in this image");
	plat__fill_bootinfo(bi, mi);
	plat__entry(bi);
}
