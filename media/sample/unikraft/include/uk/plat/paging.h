/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

struct ukplat_page_info {
	uint64_t paddr, size;
	int writable;
};
int ukplat_page_query(uint64_t addr, struct ukplat_page_info *info);
int ukplat_page_protect(uint64_t addr, int writable);
