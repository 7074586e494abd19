/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
/* Bits of control registers, page table entries and selectors. */
#define X86_CR0_PE 0x1
#define X86_CR0_MP 0x2
#define X86_CR0_EM 0x4
#define X86_CR0_NE 0x20
#define X86_CR0_WP 0x10000
#define X86_CR0_PG 0x80000000
#define X86_CR4_PAE 0x20
#define X86_CR4_OSFXSR 0x200
#define X86_CR4_OSXMMEXCPT 0x400
#define X86_MSR_EFER 0xc0000080
#define X86_EFER_LME 0x100
#define X86_MSR_FS_BASE 0xc0000100

#define PTE_P 0x1
#define PTE_W 0x2
#define PTE_PS 0x80

#define MULTIBOOT_HEADER_MAGIC 0x1badb002
#define MULTIBOOT_LOADER_MAGIC 0x2badb002

#define GDT_CODE64 0x00af9b000000ffff
#define GDT_CODE32 0x00cf9b000000ffff
#define GDT_DATA 0x00cf93000000ffff

#define SEL_CODE 0x08
#define SEL_DATA 0x10
#define SEL_TSS 0x18

#define ENTRY(x) .globl x; .type x, %function; x:
#define END(x) .size x, . - x

/* Where a parked secondary processor starts: below 1 MiB, page-aligned. */
#define PARK_ADDR 0x8000
