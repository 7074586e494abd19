/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

/* Init functions run after the heap and the scheduler are up, sorted by class
 * (1 early .. 6 late) and priority (0..9). */
struct uk_init_ctx {
	int argc;
	char **argv;
};
struct uk_inittab_entry {
	int (*init)(struct uk_init_ctx *ctx);
	void (*term)(void);
};
extern const struct uk_inittab_entry uk_inittab_start[], uk_inittab_end[];

#define UK_INIT_CLASS_EARLY 1
#define UK_INIT_CLASS_PLAT 2
#define UK_INIT_CLASS_LIB 3
#define UK_INIT_CLASS_ROOTFS 4
#define UK_INIT_CLASS_SYS 5
#define UK_INIT_CLASS_LATE 6

#define _UK_INITTAB(ifn, tfn, prio) \
	static const struct uk_inittab_entry __used __section(".uk_inittab" #prio) __align(8) \
		__uk_inittab_##ifn = { (ifn), (tfn) }
#define _UK_INITTAB2(ifn, tfn, prio) _UK_INITTAB(ifn, tfn, prio)
#define uk_initcall_prio(ifn, tfn, classprio) _UK_INITTAB2(ifn, tfn, classprio)
