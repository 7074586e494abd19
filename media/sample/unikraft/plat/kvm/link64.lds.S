/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "common.lds.h"

PHDRS
{
	text PT_LOAD FLAGS(PF_RX);
	rodata PT_LOAD FLAGS(PF_R);
	data PT_LOAD;
	tls PT_TLS;
	tls_load PT_LOAD;
	stack PT_GNU_STACK FLAGS(PF_RW);
}

SECTIONS
{
	. = 0x100000;
	_base_addr = .;

	_text = .;
	.text : {
		/* the boot code comes first, wherever the rest goes */
		KEEP(*(.data.boot))
		KEEP(*(.data.boot.*))
		KEEP(*(.text.boot))
		KEEP(*(.text.boot.*))
		KEEP(*(.text.32.boot))
		KEEP(*(.text.32.boot.*))

		*(.text)
		*(.text.*)
	} :text
	_etext = .;

	. = ALIGN(0x1000);
	_rodata = .;
	.rodata : { *(.rodata) *(.rodata.*) } :rodata
	_erodata = .;

	EXCEPTIONS
	TABLES
	ARRAYS

	. = ALIGN(0x1000);
	_tls_start = .;
	.tdata : { *(.tdata) *(.tdata.*) *(.gnu.linkonce.td.*) } :tls :tls_load
	_etdata = .;
	.tbss : { *(.tbss) *(.tbss.*) *(.gnu.linkonce.tb.*) *(.tcommon) }
	/* .tbss takes no room in the image, its size has to be added */
	_tls_end = . + SIZEOF(.tbss);

	. = ALIGN(0x1000);
	_data = .;
	.data : { *(.data) *(.data.*) } :data
	_edata = .;

	/* scripts with INSERT AFTER .data put their sections here */

	. = ALIGN(0x1000);
	__bss_start = .;
	.bss : { *(.bss) *(.bss.*) *(COMMON) . = ALIGN(0x1000); }

	_end = .;

	.comment 0 : { *(.comment) }
	/DISCARD/ : { *(.note.gnu.build-id) *(.note.GNU-stack) }
}
