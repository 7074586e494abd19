/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "x86.h"

	.section .bss
	.balign 16
	.space 8192
boot_stack_top:

/* The loader leaves us in 32-bit protected mode, paging off. The header itself
 * is put in front of the image by support/multiboot.py. */
	.code32
	.section .text.32.boot, "ax"
ENTRY(_multiboot_entry)
	cmpl	$MULTIBOOT_LOADER_MAGIC, %eax
	jne	1f
	movl	%ebx, %esi		/* multiboot information */
	movl	$boot_args, %edi
	movl	$lcpu_start32, %eax
	jmp	*%eax
1:	cli
	hlt
	jmp	1b
END(_multiboot_entry)

	.section .rodata
	.balign 8
boot_args:
	.quad	multiboot_entry		/* 64-bit function to call */
	.quad	boot_stack_top

	.section .note.GNU-stack, "", %progbits
