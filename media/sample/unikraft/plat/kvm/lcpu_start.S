/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "x86.h"

/* Secondary processors are not used: a processor that is woken anyway runs the
 * code below, which lcpu_park_install() copies to PARK_ADDR, and sleeps. */
	.section .data.boot.16, "aw"
	.globl lcpu_park_addr
lcpu_park_addr:
	.quad	PARK_ADDR

	.section .text.boot.16, "ax"
	.code16
	.globl lcpu_park_begin, lcpu_park_end
lcpu_park_begin:
	cli
	cld
	movw	%cs, %ax
	movw	%ax, %ds
	incl	(lcpu_park_count - lcpu_park_begin)
1:	hlt
	jmp	1b
	.balign 16
lcpu_park_count:
	.long	0
	.fill	12, 1, 0
lcpu_park_end:

	.section .data.boot.32, "aw"
	.balign 16
gdt64:
	.quad	0
	.quad	GDT_CODE64
	.quad	GDT_DATA
gdt64_end:
gdt64_ptr:
	.word	gdt64_end - gdt64 - 1
	.quad	gdt64

/* %edi start arguments, %esi multiboot information */
	.section .text.boot.32, "ax"
	.code32
ENTRY(lcpu_start32)
	movl	$X86_CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$x86_bpt_pml4, %eax
	movl	%eax, %cr3
	movl	$X86_MSR_EFER, %ecx
	movl	$X86_EFER_LME, %eax
	xorl	%edx, %edx
	wrmsr
	movl	$(X86_CR0_PE | X86_CR0_WP | X86_CR0_PG), %eax
	movl	%eax, %cr0
	movl	$gdt64_ptr, %eax
	lgdt	(%eax)
	ljmp	$SEL_CODE, $lcpu_start64
END(lcpu_start32)

	.section .text.boot.64, "ax"
	.code64
ENTRY(lcpu_start64)
	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs

	/* x87 and SSE: the compiler uses both */
	movq	%cr0, %rax
	andq	$~X86_CR0_EM, %rax
	orq	$(X86_CR0_MP | X86_CR0_NE), %rax
	movq	%rax, %cr0
	movq	%cr4, %rax
	orq	$(X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT), %rax
	movq	%rax, %cr4
	fninit

	movl	%edi, %edi
	movq	(%rdi), %rax
	movq	8(%rdi), %rsp
	andq	$~15, %rsp
	xorl	%ebp, %ebp
	movl	%esi, %edi
	call	*%rax
2:	cli
	hlt
	jmp	2b
END(lcpu_start64)

	.section .note.GNU-stack, "", %progbits
