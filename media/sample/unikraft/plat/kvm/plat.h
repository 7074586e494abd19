/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/plat/platform.h>
#include <uk/plat/bootinfo.h>

struct multiboot_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
	uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
} __packed;
struct multiboot_mmap {
	uint32_t size;
	uint64_t addr, len;
	uint32_t type;
} __packed;
struct multiboot_module {
	uint32_t start, end, cmdline, pad;
};

#define MB_MEM 0x1
#define MB_CMDLINE 0x4
#define MB_MODS 0x8
#define MB_MMAP 0x40
#define MB_LOADER 0x200

void plat__entry(struct ukplat_bootinfo *bi) __noreturn;
void plat__fill_bootinfo(struct ukplat_bootinfo *bi, const struct multiboot_info *mi);
void plat__early_puts(const char *s);
void plat__fatal(const char *what) __noreturn __cold;
void plat__traps_init(void);
void plat__intctrl_init(void);
void plat__lcpu_init(void);
void plat__dump_regs(const struct __regs *r);
void plat__dump_stack(const struct __regs *r);
