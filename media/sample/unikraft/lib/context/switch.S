/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
/* void context__swap(void **from_sp, void *to_sp)
 * The callee-saved registers are all that a function call may lose. */
	.text
	.balign 16
	.globl context__swap
	.type context__swap, @function
context__swap:
	.cfi_startproc
	.irp	reg, rbp, rbx, r12, r13, r14, r15
	pushq	%\reg
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset \reg, 0
	.endr
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp
	.irp	reg, r15, r14, r13, r12, rbx, rbp
	popq	%\reg
	.cfi_adjust_cfa_offset -8
	.cfi_restore \reg
	.endr
	ret
	.cfi_endproc
	.size context__swap, . - context__swap

/* First frame of a new context: r12 function, r13 argument. */
	.balign 16
	.globl context__start
	.type context__start, @function
context__start:
	.cfi_startproc
	.cfi_undefined rip
	movq	%r13, %rdi
	xorl	%ebp, %ebp
	call	*%r12
	ud2
	.cfi_endproc
	.size context__start, . - context__start

	.section .note.GNU-stack, "", %progbits
