/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/io.h>
#include "plat.h"

/* Time: the TSC, measured once against the PIT; the PIT wakes a halted CPU. */
#define PIT_HZ 1193182UL
#define PIT_CH0 0x40
#define PIT_CH2 0x42
#define PIT_CMD 0x43
#define NSEC 1000000000UL

static uint64_t tsc_base, wall_base;
static uint64_t tsc_mult; /* nanoseconds per cycle, 32.32 fixed point */

static int tick(void *arg __unused)
{
	return 1;
}

static uint8_t cmos(uint8_t reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static unsigned int bcd(uint8_t v)
{
	return (v >> 4) * 10 + (v & 15);
}

static uint64_t days_before(unsigned int y, unsigned int m, unsigned int d)
{
	/* count from March, so that the leap day is the last of the year */
	unsigned int yy = m <= 2 ? y - 1 : y, mm = m <= 2 ? m + 9 : m - 3;

	return 365UL * yy + yy / 4 - yy / 100 + yy / 400 + (153 * mm + 2) / 5 + d - 719469;
}

static uint64_t read_rtc(void)
{
	unsigned int s, m, h, d, mon, y, again;

	do {
		while (cmos(10) & 0x80)
			;
		s = bcd(cmos(0));
		m = bcd(cmos(2));
		h = bcd(cmos(4));
		d = bcd(cmos(7));
		mon = bcd(cmos(8));
		y = bcd(cmos(9)) + 100 * bcd(cmos(0x32));
		again = bcd(cmos(0));
	} while (again != s);
	return ((days_before(y, mon, d) * 24 + h) * 60 + m) * 60 + s;
}

static uint64_t measure(unsigned int ms)
{
	uint16_t count = PIT_HZ * ms / 1000;
	uint64_t start;

	outb(0x61, (inb(0x61) & ~2) | 1);
	outb(PIT_CMD, 0xb0);
	outb(PIT_CH2, (uint8_t)count);
	outb(PIT_CH2, (uint8_t)(count >> 8));
	start = rdtsc();
	while (!(inb(0x61) & 0x20))
		;
	return (rdtsc() - start) * 1000 / ms;
}

void ukplat_time_init(void)
{
	uint64_t hz = MAX(measure(5), 1000000UL);

	tsc_mult = (NSEC << 32) / hz;
	tsc_base = rdtsc();
	wall_base = read_rtc() * NSEC;
	ukplat_irq_register(0, tick, NULL);
	outb(PIT_CMD, 0x30);
}

nsec_t ukplat_monotonic_clock(void)
{
	return (nsec_t)(((unsigned __int128)(rdtsc() - tsc_base) * tsc_mult) >> 32);
}

nsec_t ukplat_wall_clock(void)
{
	return wall_base + ukplat_monotonic_clock();
}

/* Sleep with the CPU halted until the deadline; at most one PIT period at once. */
void ukplat_wait_until(nsec_t deadline)
{
	for (;;) {
		nsec_t now = ukplat_monotonic_clock();
		uint64_t ticks;

		if (now >= deadline)
			return;
		ticks = (deadline - now) * PIT_HZ / NSEC;
		ticks = ticks < 16 ? 16 : MIN(ticks, 0xffffUL);
		ukplat_disable_irq();
		outb(PIT_CMD, 0x30);
		outb(PIT_CH0, (uint8_t)ticks);
		outb(PIT_CH0, (uint8_t)(ticks >> 8));
		__asm__ volatile("sti; hlt" : : : "memory");
	}
}
