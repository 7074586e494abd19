/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#define PF_RX 5
#define PF_R 4
#define PF_RW 6

#define TABLES \
	. = ALIGN(0x1000); \
	uk_ctortab_start = .; \
	.uk_ctortab : { KEEP(*(SORT_BY_NAME(.uk_ctortab[0-9]))) } \
	uk_ctortab_end = .; \
	uk_inittab_start = .; \
	.uk_inittab : { KEEP(*(SORT_BY_NAME(.uk_inittab[1-6][0-9]))) } \
	uk_inittab_end = .; \
	. = ALIGN(0x8); \
	.uk_eventtab : { KEEP(*(SORT_BY_NAME(.uk_event_*))) }

#define EXCEPTIONS \
	. = ALIGN(0x1000); \
	__eh_frame_start = .; \
	.eh_frame : { KEEP(*(.eh_frame)) KEEP(*(.eh_frame.*)) } \
	__eh_frame_end = .; \
	__eh_frame_hdr_start = .; \
	.eh_frame_hdr : { KEEP(*(.eh_frame_hdr)) KEEP(*(.eh_frame_hdr.*)) } \
	__eh_frame_hdr_end = .; \
	__gcc_except_table_start = .; \
	.gcc_except_table : { *(.gcc_except_table) *(.gcc_except_table.*) } \
	__gcc_except_table_end = .;

#define ARRAYS \
	. = ALIGN(0x8); \
	_ctors = .; \
	.preinit_array : { \
		PROVIDE_HIDDEN(__preinit_array_start = .); \
		KEEP(*(.preinit_array)) \
		PROVIDE_HIDDEN(__preinit_array_end = .); \
	} \
	. = ALIGN(0x8); \
	.init_array : { \
		PROVIDE_HIDDEN(__init_array_start = .); \
		KEEP(*(SORT_BY_INIT_PRIORITY(.init_array.*) SORT_BY_INIT_PRIORITY(.ctors.*))) \
		KEEP(*(.init_array .ctors)) \
		PROVIDE_HIDDEN(__init_array_end = .); \
	} \
	_ectors = .;
