/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <uk/allocimpl.h>
#include <uk/lock.h>

struct uk_mbox {
	size_t slots, head, tail;
	struct uk_semaphore full, empty;
	void *msgs[];
};

struct uk_mbox *uk_mbox_create(struct uk_alloc *a, size_t slots)
{
	struct uk_mbox *m = uk_malloc(a, sizeof(*m) + slots * sizeof(void *));

	if (!m)
		return NULL;
	m->slots = slots;
	m->head = m->tail = 0;
	uk_semaphore_init(&m->full, 0);
	uk_semaphore_init(&m->empty, (long)slots);
	return m;
}

void uk_mbox_free(struct uk_alloc *a, struct uk_mbox *m)
{
	uk_free(a, m);
}

static void put(struct uk_mbox *m, void *msg)
{
	m->msgs[m->head] = msg;
	m->head = (m->head + 1) % m->slots;
	uk_semaphore_up(&m->full);
}

static void *get(struct uk_mbox *m)
{
	void *msg = m->msgs[m->tail];

	m->tail = (m->tail + 1) % m->slots;
	uk_semaphore_up(&m->empty);
	return msg;
}

void uk_mbox_post(struct uk_mbox *m, void *msg)
{
	uk_semaphore_down(&m->empty);
	put(m, msg);
}

int uk_mbox_post_try(struct uk_mbox *m, void *msg)
{
	if (m->empty.count <= 0)
		return -EAGAIN;
	m->empty.count--;
	put(m, msg);
	return 0;
}

void *uk_mbox_recv(struct uk_mbox *m)
{
	uk_semaphore_down(&m->full);
	return get(m);
}

int uk_mbox_recv_try(struct uk_mbox *m, void **msg)
{
	if (m->full.count <= 0)
		return -EAGAIN;
	m->full.count--;
	*msg = get(m);
	return 0;
}

int uk_mbox_recv_to(struct uk_mbox *m, void **msg, nsec_t timeout)
{
	int rc = uk_semaphore_down_to(&m->full, timeout);

	if (!rc)
		*msg = get(m);
	return rc;
}

size_t uk_mbox_pending(const struct uk_mbox *m)
{
	return (size_t)m->full.count;
}
