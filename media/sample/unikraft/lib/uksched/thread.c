/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include <uk/allocimpl.h>
#include <uk/assert.h>
#include <uk/print.h>
#include <uk/sched.h>
#include <uk/tls.h>
#include <uk/trace.h>

UK_TRACEPOINT(thread_create);
UK_TRACEPOINT(thread_exit);
UK_ALLOC_LIBSTATS(libstats, "uksched");

extern const struct uk_thread_inittab_entry uk_thread_inittab_start[], uk_thread_inittab_end[];

__weak size_t uk_thread_stack_size(const char *name __unused)
{
	return 4 * PAGE_SIZE;
}

static void entry(void *arg)
{
	struct uk_thread *t = arg;

	t->fn(t->arg);
	uk_sched_exit();
}

static void release(struct uk_alloc *a, struct uk_thread *t)
{
	uk_free(a, t->stack);
	uk_free(a, t->ectx);
	if (t->tls)
		uk_tls_free(a, t->tls);
	uk_free(a, t);
}

static int setup(struct uk_thread *t)
{
	const struct uk_thread_inittab_entry *e;
	int rc;

	for (e = uk_thread_inittab_start; e < uk_thread_inittab_end; e++) {
		if (!e->init)
			continue;
		rc = e->init(t);
		if (rc >= 0)
			continue;
		while (e-- > uk_thread_inittab_start)
			if (e->term)
				e->term(t);
		return rc;
	}
	return 0;
}

struct uk_thread *uk_sched_thread_create(struct uk_sched *s, const char *name, void (*fn)(void *),
					 void *arg, int flags)
{
	struct uk_thread *t = uk_calloc(s->a, 1, sizeof(*t));
	size_t stack = uk_thread_stack_size(name);

	if (!t)
		return NULL;
	t->stack = uk_memalign(s->a, 16, stack);
	t->tls = uk_tls_alloc(s->a);
	t->ectx = flags & UK_THREAD_ECTX ? uk_malloc(s->a, uk_ectx_size()) : NULL;
	if (!t->stack || !t->tls || ((flags & UK_THREAD_ECTX) && !t->ectx)) {
		release(s->a, t);
		errno = ENOMEM;
		return NULL;
	}
	t->name = name;
	t->fn = fn;
	t->arg = arg;
	t->flags = flags;
	t->sched = s;
	t->id = s->next_id++;
	uk_list_init(&t->queue);
	uk_list_init(&t->waitq);
	uk_list_init(&t->joiners);
	uk_context_init(&t->ctx, t->stack, stack, entry, t, uk_tls_tlsp(t->tls));
	if (t->ectx) {
		uk_ectx_init(t->ectx);
		t->ctx.ectx = t->ectx;
	}
	if (setup(t) < 0) {
		release(s->a, t);
		return NULL;
	}
	uk_list_add_tail(&t->all, &s->threads);
	s->live++;
	libstats.count++;
	uk_trace(thread_create, t->id, flags);
	uk_pr_info("thread %d '%s' created\n", t->id, name);
	t->state = UK_THREAD_READY;
	s->ready(s, t);
	return t;
}

void uk_sched_exit(void)
{
	struct uk_thread *t = uk_thread_current();
	const struct uk_thread_inittab_entry *e;

	UK_ASSERT(t);
	for (e = uk_thread_inittab_end; e-- > uk_thread_inittab_start;)
		if (e->term)
			e->term(t);
	uk_trace(thread_exit, t->id, t->switches);
	while (!uk_list_empty(&t->joiners)) {
		struct uk_thread *j = uk_list_first_entry(&t->joiners, struct uk_thread, waitq);

		uk_list_del(&j->waitq);
		uk_sched_wake(j);
	}
	t->state = UK_THREAD_EXITED;
	t->sched->live--;
	t->sched->exit(t->sched, t);
	UK_ASSERT(0);
	__builtin_unreachable();
}

/* Wait for the end of a thread and free what it had. */
int uk_sched_join(struct uk_thread *t)
{
	struct uk_thread *self = uk_thread_current();

	if (t == self)
		return -EINVAL;
	while (t->state != UK_THREAD_EXITED) {
		uk_list_add_tail(&self->waitq, &t->joiners);
		uk_sched_block(0);
	}
	uk_list_del(&t->all);
	release(t->sched->a, t);
	return 0;
}

const char *uk_thread_state_name(int state)
{
	switch (state) {
	case UK_THREAD_RUNNING:
		return "running";
	case UK_THREAD_READY:
		return "ready";
	case UK_THREAD_BLOCKED:
		return "blocked";
	case UK_THREAD_EXITED:
		return "exited";
	}
	return "unknown";
}
