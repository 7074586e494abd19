/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "common.lds.h"

ENTRY(_libkvmplat_entry)
SECTIONS
{
	. = 0x100000;

	_text = .;
	.text : {
		KEEP(*(.data.boot))
		KEEP(*(.text.boot))

		*(.text)
		*(.text.*)
	}
	_etext = .;

	EXCEPTIONS
	TABLES

	. = ALIGN(0x1000);
	_rodata = .;
	.rodata : { *(.rodata) *(.rodata.*) }
	_erodata = .;

	ARRAYS

	. = ALIGN(0x20);
	_tls_start = .;
	.tdata : { *(.tdata) *(.tdata.*) *(.gnu.linkonce.td.*) }
	_etdata = .;
	.tbss : { *(.tbss) *(.tbss.*) *(.gnu.linkonce.tb.*) . = ALIGN(0x20); }
	_tls_end = . + SIZEOF(.tbss);

	. = ALIGN(0x1000);
	_data = .;
	.data : { *(.data) *(.data.*) }
	_edata = .;

	. = ALIGN(0x1000);
	__bss_start = .;
	.bss : { *(.bss) *(.bss.*) *(COMMON) . = ALIGN(0x1000); }

	/* apart, because of its large alignment */
	.intrstack : { *(.intrstack) . = ALIGN(0x1000); }

	_end = .;

	.comment 0 : { *(.comment) }
	/DISCARD/ : { *(.note.gnu.build-id) *(.note.GNU-stack) }
}
