/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/config.h>
#include "plat.h"

static void insert(struct ukplat_bootinfo *bi, uint64_t base, uint64_t end, int type, int flags)
{
	struct ukplat_memregion r = { .type = type, .flags = flags };

	r.pbase = r.vbase = ALIGN_DOWN(base, PAGE_SIZE);
	r.len = ALIGN_UP(end, PAGE_SIZE) - r.pbase;
	r.pg_count = r.len >> PAGE_SHIFT;
	if (r.len && ukplat_memregion_insert(bi, &r) < 0)
		plat__fatal("too many memory regions");
}

static void add_ram(struct ukplat_bootinfo *bi, const struct multiboot_mmap *m)
{
	uint64_t start = MAX(m->addr, 0x100000UL), end = m->addr + m->len;

	/* memory below 1 MiB belongs to the firmware and to parked processors,
	 * memory above 4 GiB is not mapped */
	end = MIN(end, 1UL << 32);
	if (end <= start || end - start < PAGE_SIZE)
		return;
	if (m->type == 1)
		insert(bi, ALIGN_UP(start, PAGE_SIZE), ALIGN_DOWN(end, PAGE_SIZE), UKPLAT_MEMRT_FREE,
		       UKPLAT_MEMRF_READ | UKPLAT_MEMRF_WRITE);
	else
		insert(bi, start, end, UKPLAT_MEMRT_RESERVED, UKPLAT_MEMRF_READ);
}

/* What the loader says goes into the table that so far holds the kernel's own
 * segments. Free memory is cut around everything that is already there, so the
 * order matters: modules and the command line first. */
void plat__fill_bootinfo(struct ukplat_bootinfo *bi, const struct multiboot_info *mi)
{
	const struct multiboot_module *mod = (const void *)(uintptr_t)mi->mods_addr;
	uint32_t i, off;

	insert(bi, 0xa0000, 0x100000, UKPLAT_MEMRT_RESERVED, UKPLAT_MEMRF_READ);
	if ((mi->flags & MB_CMDLINE) && mi->cmdline) {
		bi->cmdline = mi->cmdline;
		bi->cmdline_len = strlen((const char *)(uintptr_t)mi->cmdline);
		insert(bi, mi->cmdline, mi->cmdline + bi->cmdline_len + 1, UKPLAT_MEMRT_CMDLINE,
		       UKPLAT_MEMRF_READ);
	}
	if ((mi->flags & MB_LOADER) && mi->loader_name)
		strncpy(bi->bootloader, (const char *)(uintptr_t)mi->loader_name,
			sizeof(bi->bootloader) - 1);
	strncpy(bi->bootprotocol, "multiboot", sizeof(bi->bootprotocol) - 1);
	for (i = 0; (mi->flags & MB_MODS) && i < mi->mods_count; i++)
		insert(bi, mod[i].start, mod[i].end, UKPLAT_MEMRT_INITRD, UKPLAT_MEMRF_READ);

	if (mi->flags & MB_MMAP) {
		for (off = 0; off < mi->mmap_length;) {
			const struct multiboot_mmap *m =
				(const void *)(uintptr_t)(mi->mmap_addr + off);

			add_ram(bi, m);
			off += m->size + sizeof(m->size);
		}
	} else if (mi->flags & MB_MEM) {
		struct multiboot_mmap m = { .addr = 0x100000, .len = mi->mem_upper * 1024UL, .type = 1 };

		add_ram(bi, &m);
	} else {
		plat__fatal("the loader gives no memory map");
	}
	ukplat_memregion_coalesce(bi);
}

#if UK_SHAPE_08
extern char _text[], _end[];

static struct {
	struct ukplat_bootinfo bi;
	struct ukplat_memregion regions[32];
} bi08;

struct ukplat_bootinfo *ukplat_bootinfo_get(void)
{
	return &bi08.bi;
}

/* 0.8 has no boot information: the image is one region from _text to _end. */
void _libkvmplat_entry(const struct multiboot_info *mi);
void _libkvmplat_entry(const struct multiboot_info *mi)
{
	struct ukplat_bootinfo *bi = &bi08.bi;

	bi->magic = UKPLAT_BOOTINFO_MAGIC;
	bi->version = UKPLAT_BOOTINFO_VERSION;
	bi->capacity = ARRAY_SIZE(bi08.regions);
	insert(bi, (uintptr_t)_text, (uintptr_t)_end, UKPLAT_MEMRT_KERNEL,
	       UKPLAT_MEMRF_READ | UKPLAT_MEMRF_WRITE | UKPLAT_MEMRF_EXECUTE);
	plat__fill_bootinfo(bi, mi);
	plat__entry(bi);
}
#endif
