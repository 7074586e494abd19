/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/config.h>
#include <uk/boot.h>
#include <uk/io.h>
#include <uk/print.h>
#include "plat.h"

#define COM1 0x3f8

/* Before the console driver is up there is only this. */
void plat__early_puts(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			plat__early_puts("\r");
		while (!(inb(COM1 + 5) & 0x20))
			;
		outb(COM1, *s);
	}
}

void plat__fatal(const char *what)
{
	plat__early_puts("boot: ");
	plat__early_puts(what);
	plat__early_puts("\n");
	ukplat_halt(UKPLAT_CRASH);
}

void plat__entry(struct ukplat_bootinfo *bi)
{
	plat__lcpu_init();
	plat__traps_init();
	plat__intctrl_init();
	uk_boot_early_init(bi);
	uk_pr_info("loaded by %s\n", bi->bootprotocol);
	ukplat_time_init();
	uk_boot_entry(bi);
	ukplat_halt(UKPLAT_HALT);
}
