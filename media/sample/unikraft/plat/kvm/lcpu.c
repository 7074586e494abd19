/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/io.h>
#include <uk/config.h>
#include "plat.h"
#include "x86.h"

#define IST_STACK 8192

static struct {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap;
} __packed cpu_tss;

static uint64_t cpu_gdt[5] __align(16);
#if UK_SHAPE_08
extern char intrstack_base[];
#define ist_stack(i) (intrstack_base + ((i) + 1) * 65536)
#else
static char cpu_stacks[2][IST_STACK] __align(64);
#define ist_stack(i) (cpu_stacks[i] + IST_STACK)
#endif

#if !UK_SHAPE_08
extern char lcpu_park_begin[], lcpu_park_end[];
extern uint64_t lcpu_park_addr;

static void park_install(void)
{
	memcpy((void *)lcpu_park_addr, lcpu_park_begin, lcpu_park_end - lcpu_park_begin);
}
#endif

/* The boot GDT knows only three segments; faults on the stack need a TSS. */
void plat__lcpu_init(void)
{
	uint64_t base = (uint64_t)&cpu_tss;
	struct {
		uint16_t limit;
		uint64_t base;
	} __packed gdtr = { sizeof(cpu_gdt) - 1, (uint64_t)cpu_gdt };

	cpu_tss.ist[0] = (uint64_t)ist_stack(0);
	cpu_tss.ist[1] = (uint64_t)ist_stack(1);
	cpu_tss.iomap = sizeof(cpu_tss);
	cpu_gdt[1] = GDT_CODE64;
	cpu_gdt[2] = GDT_DATA;
	cpu_gdt[3] = (sizeof(cpu_tss) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 |
		     (base >> 24 & 0xff) << 56;
	cpu_gdt[4] = base >> 32;
	__asm__ volatile("lgdt %0; ltr %w1" : : "m"(gdtr), "r"(SEL_TSS) : "memory");
#if !UK_SHAPE_08
	park_install();
#endif
}

void ukplat_tlsp_set(unsigned long tp)
{
	wrmsr(X86_MSR_FS_BASE, tp);
}

unsigned long ukplat_tlsp_get(void)
{
	return rdmsr(X86_MSR_FS_BASE);
}

void ukplat_enable_irq(void)
{
	__asm__ volatile("sti" : : : "memory");
}

void ukplat_disable_irq(void)
{
	__asm__ volatile("cli" : : : "memory");
}

unsigned long ukplat_irq_save(void)
{
	unsigned long f;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(f) : : "memory");
	return f;
}

void ukplat_irq_restore(unsigned long f)
{
	if (f & 0x200)
		ukplat_enable_irq();
}
