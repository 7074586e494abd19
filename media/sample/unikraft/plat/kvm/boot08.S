/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "x86.h"

/* The shape of 0.8: the multiboot header is part of the image and gives the
 * addresses itself. All of them are linker symbols, so the header stays true
 * when sections are moved; but a loader then copies the file as it is to the
 * load address. The ELF file works while its offsets follow its addresses, a
 * flat binary (objcopy -O binary) always. */
	.section .data.boot, "aw"
	.balign 4096
_multiboot_header:
	.long	MULTIBOOT_HEADER_MAGIC
	.long	0x10003
	.long	-(MULTIBOOT_HEADER_MAGIC + 0x10003)
	.long	_multiboot_header
	.long	_text			/* load from */
	.long	_edata			/* load up to */
	.long	_end			/* zero up to */
	.long	_libkvmplat_start32

	.balign 64
gdt64:
	.quad	0
	.quad	GDT_CODE64
	.quad	GDT_DATA
gdt64_end:
gdt64_ptr:
	.word	gdt64_end - gdt64 - 1
	.quad	gdt64

/* 1 GiB one to one, and four 1 GiB windows: five pages with this one */
	.balign 4096
bpt_pd0:
	.set	large, 0
	.rept	512
	.quad	(large << 21) + PTE_P + PTE_W + PTE_PS
	.set	large, large + 1
	.endr
	.balign 4096
bpt_pd1:
	.rept	512
	.quad	(large << 21) + PTE_P + PTE_W + PTE_PS
	.set	large, large + 1
	.endr
bpt_pdpt:
	.quad	bpt_pd0 + PTE_P + PTE_W
	.quad	bpt_pd1 + PTE_P + PTE_W
	.fill	510, 8, 0
	.globl x86_bpt_pml4
x86_bpt_pml4:
	.quad	bpt_pdpt + PTE_P + PTE_W
	.fill	511, 8, 0

	.section .intrstack, "aw", %progbits
	.balign 65536
	.globl intrstack_base
intrstack_base:
	.space	131072

	.section .bss
	.balign 16
	.space	8192
boot_stack_top:

	.section .text.boot, "ax"
	.code32
ENTRY(_libkvmplat_start32)
	cld
	cmpl	$MULTIBOOT_LOADER_MAGIC, %eax
	jne	1f
	movl	%ebx, %esi
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
	lgdt	(gdt64_ptr)
	ljmp	$SEL_CODE, $_libkvmplat_start64
1:	cli
	hlt
	jmp	1b
END(_libkvmplat_start32)

	.code64
ENTRY(_libkvmplat_start64)
	movl	$SEL_DATA, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movq	%cr0, %rax
	andq	$~X86_CR0_EM, %rax
	orq	$(X86_CR0_MP | X86_CR0_NE), %rax
	movq	%rax, %cr0
	movq	%cr4, %rax
	orq	$(X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT), %rax
	movq	%rax, %cr4
	fninit
	movq	$boot_stack_top, %rsp
	xorl	%ebp, %ebp
	movl	%esi, %edi
	call	_libkvmplat_entry
2:	cli
	hlt
	jmp	2b
END(_libkvmplat_start64)

	.section .note.GNU-stack, "", %progbits
