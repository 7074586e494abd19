/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <uk/assert.h>
#include <uk/lock.h>

void uk_rwlock_init(struct uk_rwlock *l)
{
	l->readers = l->writer = l->writers_waiting = 0;
	uk_waitq_init(&l->rq);
	uk_waitq_init(&l->wq);
}

/* Waiting writers go before new readers, or they might never get in. */
void uk_rwlock_rlock(struct uk_rwlock *l)
{
	uk_waitq_wait_event(&l->rq, !l->writer && !l->writers_waiting);
	l->readers++;
}

void uk_rwlock_wlock(struct uk_rwlock *l)
{
	l->writers_waiting++;
	uk_waitq_wait_event(&l->wq, !l->writer && !l->readers);
	l->writers_waiting--;
	l->writer = 1;
}

void uk_rwlock_unlock(struct uk_rwlock *l)
{
	if (l->writer) {
		l->writer = 0;
	} else {
		UK_ASSERT(l->readers > 0);
		l->readers--;
	}
	if (!l->readers && l->writers_waiting)
		uk_waitq_wake_one(&l->wq);
	else if (!l->writers_waiting)
		uk_waitq_wake_all(&l->rq);
}

/* Only the single reader can become the writer without letting go. */
int uk_rwlock_upgrade(struct uk_rwlock *l)
{
	if (l->readers != 1)
		return -EBUSY;
	l->readers = 0;
	l->writer = 1;
	return 0;
}

void uk_barrier_init(struct uk_barrier *b, unsigned int n)
{
	b->need = n;
	b->have = b->round = 0;
	uk_waitq_init(&b->wait);
}

/* The last to arrive gets 1 and lets the others go on. */
int uk_barrier_wait(struct uk_barrier *b)
{
	unsigned int round = b->round;

	if (++b->have == b->need) {
		b->have = 0;
		b->round++;
		uk_waitq_wake_all(&b->wait);
		return 1;
	}
	uk_waitq_wait_event(&b->wait, b->round != round);
	return 0;
}
