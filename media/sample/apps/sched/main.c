/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <report.h>
#include <stdio.h>
#include <string.h>
#include <uk/alloc.h>
#include <uk/allocbbuddy.h>
#include <uk/allocimpl.h>
#include <uk/init.h>
#include <uk/isr.h>
#include <uk/trace.h>
#include <vfs.h>
#include "demo.h"

static int created;

/* Runs for every thread that is created, and when it ends. */
static int count_thread(struct uk_thread *t __unused)
{
	created++;
	return 0;
}
UK_THREAD_INIT_PRIO(count_thread, NULL, 5);

size_t uk_thread_stack_size(const char *name)
{
	return !strcmp(name, "main") || !strcmp(name, "vm") ? 16 * PAGE_SIZE : 4 * PAGE_SIZE;
}

struct uk_thread *spawn(const char *name, void (*fn)(void *), void *arg, int flags)
{
	return uk_sched_thread_create(uk_sched_current(), name, fn, arg, flags);
}

static int show(struct uk_thread *t, void *arg __unused)
{
	printf("  %2d %-8s %s\n", t->id, t->name, uk_thread_state_name(t->state));
	return 0;
}

static void trace_line(const char *name, unsigned long hits)
{
	/* how often threads are switched depends on the timers */
	printf("  %s %s\n", name, hits ? "was hit" : "was not hit");
}

static void rings(void)
{
	unsigned long slots[8], v, sum = 0;
	struct uk_isr_ring r;
	char text[24];
	int i;

	uk_isr_ring_init(&r, slots, 8);
	for (i = 1; i <= 12; i++)
		uk_isr_ring_put(&r, (unsigned long)i * 3);
	while (!uk_isr_ring_get(&r, &v))
		sum += v;
	utoa_isr(text, sizeof(text), sum, 7);
	printf("ring: sum %lu (%s in base 7), %u dropped\n", sum, text, r.dropped);
}

static int name(struct uk_thread *t, void *arg)
{
	report_text(arg, "threads", t->name);
	return 0;
}

static int summary(int libs)
{
	struct report *r = report_new("sched");

	report_int(r, "created", created);
	report_int(r, "libraries", libs);
	uk_sched_foreach(uk_sched_current(), name, r);
	report_text(r, "operator", "ops@example.net, secret=tea");
	return report_send(r);
}

int main(void)
{
	unsigned long orders[4];
	struct uk_alloc_stats stats;
	int libs;

	philosophers();
	workers();
	numbers();
	rings();
	uk_sched_foreach(uk_sched_current(), show, NULL);
	uk_trace_summary(trace_line);
	uk_alloc_get_stats(uk_alloc_get_default(), &stats);
	uk_alloc_libstats_total(&libs);
	printf("%d threads were created, heap sound %d, %d libraries count, failures %lu\n", created,
	       uk_allocbbuddy_check(uk_alloc_get_default(), orders, 4), libs, stats.fails);
	printf("ticks %s\n", ukplat_irq_count(0) ? "came" : "did not come");
	vfs_write_file("/proof", "ok", 2);
	return summary(libs);
}
