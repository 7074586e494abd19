/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/list.h>

#define ORDERS 20
/* as many as the boot information can list */
#define MAX_REGIONS 192

struct bbuddy__block {
	struct uk_list_head link;
	unsigned long order;
};
/* One bit per page: set while the page is handed out. */
struct bbuddy__region {
	uintptr_t base;
	unsigned long pages;
	uint64_t *bits;
};
struct bbuddy__priv {
	struct uk_list_head free[ORDERS];
	struct bbuddy__region regions[MAX_REGIONS];
	int nregions;
	size_t avail;
};
