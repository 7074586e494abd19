/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/assert.h>
#include <uk/print.h>
#include <uk/schedcoop.h>

/* Cooperative: a thread runs until it blocks or yields. Ready threads stand in
 * a queue, those with a deadline in a list sorted by it. */
struct schedcoop {
	struct uk_sched s;
	struct uk_list_head ready, sleeping;
	struct uk_thread idle;
	struct uk_thread *dead;
};

static struct schedcoop *coop(struct uk_sched *s)
{
	return container_of(s, struct schedcoop, s);
}

static void expire(struct schedcoop *c, nsec_t now)
{
	struct uk_thread *t, *n;

	uk_list_for_each_entry_safe(t, n, &c->sleeping, queue) {
		if (t->wake_at > now)
			break;
		t->timed_out = 1;
		uk_list_del(&t->queue);
		t->state = UK_THREAD_READY;
		t->wake_at = 0;
		uk_list_add_tail(&t->queue, &c->ready);
	}
}

/* Never empty-handed: waits for a deadline when nobody is ready. */
static struct uk_thread *next_thread(struct schedcoop *c)
{
	struct uk_thread *t;

	for (;;) {
		if (!uk_list_empty(&c->sleeping))
			expire(c, ukplat_monotonic_clock());
		if (!uk_list_empty(&c->ready)) {
			t = uk_list_first_entry(&c->ready, struct uk_thread, queue);
			uk_list_del(&t->queue);
			return t;
		}
		if (uk_list_empty(&c->sleeping)) {
			uk_pr_crit("deadlock: no thread can ever run\n");
			ukplat_halt(UKPLAT_CRASH);
		}
		t = uk_list_first_entry(&c->sleeping, struct uk_thread, queue);
		ukplat_wait_until(t->wake_at);
	}
}

static void schedule(struct uk_sched *s)
{
	struct uk_thread *next = next_thread(coop(s));

	if (next == s->current)
		next->state = UK_THREAD_RUNNING;
	else
		uk_sched_switch_to(s, next);
}

static void coop_ready(struct uk_sched *s, struct uk_thread *t)
{
	uk_list_del(&t->queue); /* it may have been asleep */
	uk_list_add_tail(&t->queue, &coop(s)->ready);
}

static void coop_yield(struct uk_sched *s)
{
	struct uk_thread *t = s->current;

	t->state = UK_THREAD_READY;
	coop_ready(s, t);
	schedule(s);
}

static void coop_block(struct uk_sched *s, struct uk_thread *t)
{
	struct schedcoop *c = coop(s);
	struct uk_thread *at;

	if (t->wake_at) {
		uk_list_for_each_entry(at, &c->sleeping, queue)
			if (at->wake_at > t->wake_at)
				break;
		uk_list_add_tail(&t->queue, &at->queue);
	}
	schedule(s);
}

static void coop_exit(struct uk_sched *s, struct uk_thread *t)
{
	coop(s)->dead = t;
	schedule(s);
	UK_ASSERT(0);
}

static int coop_start(struct uk_sched *s)
{
	struct schedcoop *c = coop(s);

	c->idle.name = "boot";
	c->idle.id = -1;
	c->idle.state = UK_THREAD_BLOCKED;
	c->idle.ctx.tlsp = ukplat_tlsp_get();
	s->current = &c->idle;
	schedule(s);
	return 0;
}

struct uk_sched *uk_schedcoop_create(struct uk_alloc *a)
{
	struct schedcoop *c = uk_calloc(a, 1, sizeof(*c));

	if (!c)
		return NULL;
	uk_list_init(&c->ready);
	uk_list_init(&c->sleeping);
	uk_list_init(&c->idle.queue);
	c->s.yield = coop_yield;
	c->s.ready = coop_ready;
	c->s.block = coop_block;
	c->s.exit = coop_exit;
	c->s.start = coop_start;
	return &c->s;
}
