/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

#define UKPLAT_HALT 0
#define UKPLAT_CRASH 1

typedef uint64_t nsec_t;

void ukplat_halt(int how) __noreturn;
nsec_t ukplat_monotonic_clock(void);
nsec_t ukplat_wall_clock(void);
void ukplat_time_init(void);
void ukplat_wait_until(nsec_t deadline);
void ukplat_enable_irq(void);
void ukplat_disable_irq(void);
unsigned long ukplat_irq_save(void);
void ukplat_irq_restore(unsigned long flags);
int ukplat_irq_register(unsigned int irq, int (*fn)(void *), void *arg);
unsigned long ukplat_irq_count(unsigned int irq);
void ukplat_tlsp_set(unsigned long tp);
unsigned long ukplat_tlsp_get(void);

/* Registers as the trap stubs save them. */
struct __regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector, error, rip, cs, rflags, rsp, ss;
};
struct ukplat_trap_ctx {
	struct __regs *regs;
	int vector;
	unsigned long error, address;
};
