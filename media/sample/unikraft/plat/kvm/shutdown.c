/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/io.h>
#include "plat.h"

/* isa-debug-exit ends QEMU with (value << 1) | 1: 83 for a clean halt. */
#define DEBUG_EXIT_PORT 0x501
#define EXIT_CLEAN 41
#define EXIT_CRASH 42

void ukplat_halt(int how)
{
	ukplat_disable_irq();
	outw(DEBUG_EXIT_PORT, how == UKPLAT_HALT ? EXIT_CLEAN : EXIT_CRASH);
	for (;;)
		__asm__ volatile("cli; hlt");
}
