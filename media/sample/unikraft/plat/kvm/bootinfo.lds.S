/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
/* Room for the boot information, which is written after the link. */
SECTIONS
{
	. = ALIGN(8);
	.uk_bootinfo : { KEEP(*(.uk_bootinfo)) }
}
INSERT AFTER .data
