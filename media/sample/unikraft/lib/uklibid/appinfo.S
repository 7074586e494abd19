/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
/* The record of the whole image: it names the application. */
#define STR_(x) #x
#define STR(x) STR_(x)
	.section .uk_libinfo, "a", %progbits
1:	.long	2f - 1b
	.short	2
	.short	1
	.asciz	STR(UK_APPNAME)
	.asciz	STR(UK_CODENAME)
2:
	.section .note.GNU-stack, "", %progbits
