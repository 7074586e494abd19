/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
/* Compiled once for every library: its record in the table of libraries. */
#define STR_(x) #x
#define STR(x) STR_(x)
	.section .uk_libinfo, "a", %progbits
1:	.long	2f - 1b
	.short	1
	.short	1
	.asciz	STR(__LIBNAME__)
	.ascii	"BSD-3-Clause gcc "
	.asciz	__VERSION__
2:
	.section .note.GNU-stack, "", %progbits
