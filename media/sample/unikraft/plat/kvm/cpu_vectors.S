/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "x86.h"

/* One stub per vector: push a zero where the processor pushes no error code,
 * push the vector, save the registers, call the C handler. */
	.macro	SAVE_CALL handler
	.irp	reg, rdi, rsi, rdx, rcx, rax, r8, r9, r10, r11, rbx, rbp, r12, r13, r14, r15
	pushq	%\reg
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset \reg, 0
	.endr
	cld
	movq	%rsp, %rdi
	call	\handler
	jmp	trap_return
	.endm

	.macro	TRAP vec, error
	.balign 16
trap_entry_\vec:
	.cfi_startproc simple
	.cfi_def_cfa rsp, 24
	.cfi_offset rip, -24
	.ifeq \error
	pushq	$0
	.cfi_adjust_cfa_offset 8
	.endif
	pushq	$\vec
	.cfi_adjust_cfa_offset 8
	SAVE_CALL do_trap
	.cfi_endproc
	.pushsection .rodata
	.quad	trap_entry_\vec
	.popsection
	.endm

	.macro	IRQ num
	.balign 16
irq_entry_\num:
	.cfi_startproc simple
	.cfi_def_cfa rsp, 8
	pushq	$0
	.cfi_adjust_cfa_offset 8
	pushq	$\num
	.cfi_adjust_cfa_offset 8
	SAVE_CALL do_irq
	.cfi_endproc
	.pushsection .rodata
	.quad	irq_entry_\num
	.popsection
	.endm

	.section .rodata
	.balign 8
	.globl trap_entries
trap_entries:
	.text
	.set	vec, 0
	.irp	v, 0, 1, 2, 3, 4, 5, 6, 7
	TRAP	\v, 0
	.endr
	TRAP	8, 1
	TRAP	9, 0
	.irp	v, 10, 11, 12, 13, 14
	TRAP	\v, 1
	.endr
	TRAP	15, 0
	TRAP	16, 0
	TRAP	17, 1
	.irp	v, 18, 19, 20
	TRAP	\v, 0
	.endr
	TRAP	21, 1
	.section .rodata
	.globl irq_entries
irq_entries:
	.text
	.irp	v, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	IRQ	\v
	.endr

	.balign 16
trap_return:
	.irp	reg, r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi
	popq	%\reg
	.endr
	addq	$16, %rsp
	iretq

	.section .note.GNU-stack, "", %progbits
