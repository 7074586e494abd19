/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <uk/wait.h>

void uk_waitq_init(struct uk_waitq *q)
{
	uk_list_init(&q->waiters);
}

int uk_waitq_wait(struct uk_waitq *q, nsec_t deadline)
{
	struct uk_thread *t = uk_thread_current();

	uk_list_add_tail(&t->waitq, &q->waiters);
	uk_sched_block(deadline);
	uk_list_del(&t->waitq);
	return t->timed_out ? -ETIMEDOUT : 0;
}

int uk_waitq_wake_one(struct uk_waitq *q)
{
	struct uk_thread *t;

	if (uk_list_empty(&q->waiters))
		return 0;
	t = uk_list_first_entry(&q->waiters, struct uk_thread, waitq);
	uk_list_del(&t->waitq);
	uk_sched_wake(t);
	return 1;
}

int uk_waitq_wake_all(struct uk_waitq *q)
{
	int n = 0;

	while (uk_waitq_wake_one(q))
		n++;
	return n;
}
