/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/io.h>
#include "plat.h"

/* isa-debug-exit ends QEMU with (value << 1) | 1: 83 for a clean halt. */
#define DEBUG_EXIT_PORT 0x501
#define EXIT_CLEAN 41
#define EXIT_CRASH 42

/* Line status of the first serial port: what was written has left it. */
#define COM1_STATUS 0x3fd
#define TRANSMITTER_EMPTY 0x40

void ukplat_halt(int how)
{
	unsigned int patience = 1 << 20;

	ukplat_disable_irq();
	while (!(inb(COM1_STATUS) & TRANSMITTER_EMPTY) && patience--)
		;
	outw(DEBUG_EXIT_PORT, how == UKPLAT_HALT ? EXIT_CLEAN : EXIT_CRASH);
	for (;;)
		__asm__ volatile("cli; hlt");
}
