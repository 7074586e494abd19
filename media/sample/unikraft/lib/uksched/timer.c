/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <uk/init.h>
#include <uk/timer.h>
#include <uk/wait.h>

#define MAX_TIMERS 64

/* A binary heap by deadline, from index 1. */
static struct uk_timer *heap[MAX_TIMERS + 1];
static unsigned int count;
static struct uk_thread *thread;
static struct uk_waitq changed = UK_WAITQ_INIT(changed);

static void place(unsigned int i, struct uk_timer *t)
{
	heap[i] = t;
	t->slot = i;
}

static void up(unsigned int i, struct uk_timer *t)
{
	for (; i > 1 && heap[i / 2]->at > t->at; i /= 2)
		place(i, heap[i / 2]);
	place(i, t);
}

static void down(unsigned int i, struct uk_timer *t)
{
	unsigned int child;

	for (; (child = 2 * i) <= count; i = child) {
		if (child < count && heap[child + 1]->at < heap[child]->at)
			child++;
		if (heap[child]->at >= t->at)
			break;
		place(i, heap[child]);
	}
	place(i, t);
}

static void take_out(struct uk_timer *t)
{
	unsigned int i = t->slot;
	struct uk_timer *last = heap[count--];

	t->slot = 0;
	if (last == t)
		return;
	if (i > 1 && heap[i / 2]->at > last->at)
		up(i, last);
	else
		down(i, last);
}

static void run(void *arg __unused)
{
	for (;;) {
		struct uk_timer *t = count ? heap[1] : NULL;

		if (!t || t->at > ukplat_monotonic_clock()) {
			uk_waitq_wait(&changed, t ? t->at : 0);
			continue;
		}
		take_out(t);
		if (t->period) {
			t->at += t->period;
			up(++count, t);
		}
		t->fired++;
		t->fn(t, t->arg);
	}
}

int uk_timer_start(struct uk_timer *t, nsec_t delay, nsec_t period,
		   void (*fn)(struct uk_timer *, void *), void *arg)
{
	if (t->slot)
		take_out(t);
	if (count == MAX_TIMERS)
		return -ENOSPC;
	t->at = ukplat_monotonic_clock() + delay;
	t->period = period;
	t->fn = fn;
	t->arg = arg;
	up(++count, t);
	uk_waitq_wake_one(&changed);
	return 0;
}

int uk_timer_stop(struct uk_timer *t)
{
	if (!t->slot)
		return -ENOENT;
	take_out(t);
	return 0;
}

static int timer_init(struct uk_init_ctx *ctx __unused)
{
	thread = uk_sched_thread_create(uk_sched_current(), "timer", run, NULL, 0);
	return thread ? 0 : -ENOMEM;
}
uk_initcall_prio(timer_init, NULL, 30);
