/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <uk/assert.h>
#include <uk/sched.h>
#include <uk/schedcoop.h>
#include <uk/trace.h>

UK_TRACEPOINT(sched_switch);

static struct uk_sched *current_sched;

struct uk_sched *uk_sched_default_init(struct uk_alloc *a)
{
	struct uk_sched *s = uk_schedcoop_create(a);

	if (s) {
		s->a = a;
		uk_list_init(&s->threads);
		current_sched = s;
	}
	return s;
}

struct uk_sched *uk_sched_current(void)
{
	return current_sched;
}

struct uk_thread *uk_thread_current(void)
{
	return current_sched ? current_sched->current : NULL;
}

void uk_sched_start(struct uk_sched *s)
{
	s->start(s);
	ukplat_halt(UKPLAT_CRASH);
}

/* Called by the policy; comes back when the caller is scheduled again. */
void uk_sched_switch_to(struct uk_sched *s, struct uk_thread *next)
{
	struct uk_thread *prev = s->current;

	if (prev == next)
		return;
	uk_trace(sched_switch, prev ? prev->id : -1, next->id);
	s->current = next;
	s->switches++;
	next->switches++;
	next->state = UK_THREAD_RUNNING;
	uk_context_switch(&prev->ctx, &next->ctx);
}

void uk_sched_yield(void)
{
	current_sched->yield(current_sched);
}

void uk_sched_block(nsec_t deadline)
{
	struct uk_thread *t = uk_thread_current();

	UK_ASSERT(t);
	t->wake_at = deadline;
	t->timed_out = 0;
	t->state = UK_THREAD_BLOCKED;
	t->sched->block(t->sched, t);
}

void uk_sched_wake(struct uk_thread *t)
{
	if (t->state != UK_THREAD_BLOCKED)
		return;
	t->wake_at = 0;
	t->state = UK_THREAD_READY;
	t->sched->ready(t->sched, t);
}

void uk_sched_sleep(nsec_t ns)
{
	uk_sched_block(ukplat_monotonic_clock() + ns);
}

int uk_sched_foreach(struct uk_sched *s, int (*fn)(struct uk_thread *t, void *arg), void *arg)
{
	struct uk_thread *t, *n;
	int rc = 0;

	uk_list_for_each_entry_safe(t, n, &s->threads, all) {
		rc = fn(t, arg);
		if (rc)
			break;
	}
	return rc;
}
