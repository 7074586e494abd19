/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

/* What support/mkbootinfo.py writes into .uk_bootinfo. */
#define UKPLAT_BOOTINFO_MAGIC 0x53504352U
#define UKPLAT_BOOTINFO_VERSION 1
#define UKPLAT_MEMREGION_MAX 192

#define UKPLAT_MEMRT_FREE 1
#define UKPLAT_MEMRT_RESERVED 2
#define UKPLAT_MEMRT_KERNEL 4
#define UKPLAT_MEMRT_CMDLINE 8
#define UKPLAT_MEMRT_INITRD 16

#define UKPLAT_MEMRF_READ 1
#define UKPLAT_MEMRF_WRITE 2
#define UKPLAT_MEMRF_EXECUTE 4

struct ukplat_memregion {
	uint64_t pbase;
	uint64_t len;
	uint32_t pg_count;
	uint16_t type;
	uint16_t flags;
	uint64_t vbase;
};

struct ukplat_bootinfo {
	uint32_t magic;
	uint8_t version;
	uint8_t pad[3];
	char bootloader[16];
	char bootprotocol[16];
	uint64_t cmdline;
	uint64_t cmdline_len;
	uint64_t dtb;
	uint64_t efi_st;
	uint32_t capacity;
	uint32_t count;
	struct ukplat_memregion regions[];
};

struct ukplat_bootinfo *ukplat_bootinfo_get(void);
int ukplat_memregion_insert(struct ukplat_bootinfo *bi, const struct ukplat_memregion *r);
void ukplat_memregion_coalesce(struct ukplat_bootinfo *bi);
int ukplat_memregion_count(unsigned int type);
const struct ukplat_memregion *ukplat_memregion_next(const struct ukplat_memregion *prev,
						     unsigned int type);
uint64_t ukplat_memregion_total(unsigned int type);
const char *ukplat_memregion_typename(unsigned int type);
