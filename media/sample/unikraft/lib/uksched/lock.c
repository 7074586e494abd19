/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <uk/assert.h>
#include <uk/lock.h>

void uk_mutex_init(struct uk_mutex *m, int recursive)
{
	m->owner = NULL;
	m->depth = 0;
	m->recursive = recursive;
	m->contended = 0;
	uk_waitq_init(&m->wait);
}

int uk_mutex_trylock(struct uk_mutex *m)
{
	struct uk_thread *self = uk_thread_current();

	if (!m->owner) {
		m->owner = self;
		m->depth = 1;
		return 1;
	}
	if (m->owner == self && m->recursive) {
		m->depth++;
		return 1;
	}
	return 0;
}

void uk_mutex_lock(struct uk_mutex *m)
{
	UK_ASSERT(m->recursive || m->owner != uk_thread_current());
	while (!uk_mutex_trylock(m)) {
		m->contended++;
		uk_waitq_wait(&m->wait, 0);
	}
}

void uk_mutex_unlock(struct uk_mutex *m)
{
	UK_ASSERT(m->owner == uk_thread_current());
	if (--m->depth)
		return;
	m->owner = NULL;
	uk_waitq_wake_one(&m->wait);
}

void uk_semaphore_init(struct uk_semaphore *s, long count)
{
	s->count = count;
	uk_waitq_init(&s->wait);
}

void uk_semaphore_down(struct uk_semaphore *s)
{
	uk_waitq_wait_event(&s->wait, s->count > 0);
	s->count--;
}

int uk_semaphore_down_to(struct uk_semaphore *s, nsec_t timeout)
{
	nsec_t deadline = ukplat_monotonic_clock() + timeout;

	while (s->count <= 0)
		if (uk_waitq_wait(&s->wait, deadline) < 0 && s->count <= 0)
			return -ETIMEDOUT;
	s->count--;
	return 0;
}

void uk_semaphore_up(struct uk_semaphore *s)
{
	s->count++;
	uk_waitq_wake_one(&s->wait);
}

void uk_cond_init(struct uk_cond *c)
{
	uk_waitq_init(&c->wait);
}

int uk_cond_wait(struct uk_cond *c, struct uk_mutex *m, nsec_t timeout)
{
	int rc;

	uk_mutex_unlock(m);
	rc = uk_waitq_wait(&c->wait, timeout ? ukplat_monotonic_clock() + timeout : 0);
	uk_mutex_lock(m);
	return rc;
}

void uk_cond_signal(struct uk_cond *c)
{
	uk_waitq_wake_one(&c->wait);
}

void uk_cond_broadcast(struct uk_cond *c)
{
	uk_waitq_wake_all(&c->wait);
}
