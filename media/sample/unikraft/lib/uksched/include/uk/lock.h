/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/wait.h>

struct uk_mutex {
	struct uk_thread *owner;
	int depth, recursive;
	unsigned long contended;
	struct uk_waitq wait;
};
void uk_mutex_init(struct uk_mutex *m, int recursive);
void uk_mutex_lock(struct uk_mutex *m);
int uk_mutex_trylock(struct uk_mutex *m);
void uk_mutex_unlock(struct uk_mutex *m);

struct uk_semaphore {
	long count;
	struct uk_waitq wait;
};
void uk_semaphore_init(struct uk_semaphore *s, long count);
void uk_semaphore_down(struct uk_semaphore *s);
int uk_semaphore_down_to(struct uk_semaphore *s, nsec_t timeout);
void uk_semaphore_up(struct uk_semaphore *s);

struct uk_cond {
	struct uk_waitq wait;
};
void uk_cond_init(struct uk_cond *c);
int uk_cond_wait(struct uk_cond *c, struct uk_mutex *m, nsec_t timeout);
void uk_cond_signal(struct uk_cond *c);
void uk_cond_broadcast(struct uk_cond *c);

struct uk_rwlock {
	int readers, writer, writers_waiting;
	struct uk_waitq rq, wq;
};
void uk_rwlock_init(struct uk_rwlock *l);
void uk_rwlock_rlock(struct uk_rwlock *l);
void uk_rwlock_wlock(struct uk_rwlock *l);
void uk_rwlock_unlock(struct uk_rwlock *l);
int uk_rwlock_upgrade(struct uk_rwlock *l);

struct uk_barrier {
	unsigned int need, have, round;
	struct uk_waitq wait;
};
void uk_barrier_init(struct uk_barrier *b, unsigned int n);
int uk_barrier_wait(struct uk_barrier *b);

/* Messages are pointers; a full box makes the sender wait. */
struct uk_mbox;
struct uk_mbox *uk_mbox_create(struct uk_alloc *a, size_t slots);
void uk_mbox_free(struct uk_alloc *a, struct uk_mbox *m);
void uk_mbox_post(struct uk_mbox *m, void *msg);
int uk_mbox_post_try(struct uk_mbox *m, void *msg);
void *uk_mbox_recv(struct uk_mbox *m);
int uk_mbox_recv_try(struct uk_mbox *m, void **msg);
int uk_mbox_recv_to(struct uk_mbox *m, void **msg, nsec_t timeout);
size_t uk_mbox_pending(const struct uk_mbox *m);
