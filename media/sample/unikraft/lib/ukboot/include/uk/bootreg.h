/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/plat/bootinfo.h>

/* Called in order of priority before anything else is there. */
typedef int (*uk_boot_early_fn)(struct ukplat_bootinfo *bi);
#define UK_BOOT_EARLYTAB_ENTRY(fn, prio) \
	static const uk_boot_early_fn __used __section(".uk_boot_earlytab" #prio) __align(8) \
		__uk_early_##fn = (fn)
