/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <hash.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/allocpool.h>
#include <uk/timer.h>
#include "demo.h"

struct job {
	int id;
	uint32_t result;
	char text[48];
};

static struct uk_mbox *todo, *done;
static struct uk_rwlock lock;
static struct uk_barrier barrier;
static int shared, seen[3], arrivals;
static struct uk_mutex mutex;
static struct uk_cond changed;

static void worker(void *arg)
{
	struct job *j;

	while ((j = uk_mbox_recv(todo))->id >= 0) {
		j->result = crc32(0, j->text, strlen(j->text)) ^ (uint32_t)j->id;
		uk_mbox_post(done, j);
	}
	uk_mbox_post(done, NULL);
	(void)arg;
}

static void queue(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	struct uk_allocpool *pool = uk_allocpool_create(a, 8, sizeof(struct job), 16);
	static struct job stop = { .id = -1 };
	struct uk_thread *t[3];
	uint32_t all = 0;
	int sent = 0, got = 0, ended = 0, i;

	todo = uk_mbox_create(a, 4);
	done = uk_mbox_create(a, 16);
	for (i = 0; i < 3; i++)
		t[i] = spawn("worker", worker, NULL, 0);
	while (got < 40) {
		struct job *j = sent < 40 ? uk_allocpool_take(pool) : NULL;

		if (j) {
			j->id = sent++;
			snprintf(j->text, sizeof(j->text), "job number %d of forty", j->id);
			uk_mbox_post(todo, j);
			continue;
		}
		j = uk_mbox_recv(done);
		all += j->result;
		got++;
		uk_allocpool_return(pool, j);
	}
	for (i = 0; i < 3; i++)
		uk_mbox_post(todo, &stop);
	while (ended < 3)
		ended += uk_mbox_recv(done) == NULL;
	for (i = 0; i < 3; i++)
		uk_sched_join(t[i]);
	printf("%d jobs, together %08x, pool has %u of 8\n", got, all, uk_allocpool_available(pool));
	uk_allocpool_destroy(pool);
	uk_mbox_free(a, todo);
	uk_mbox_free(a, done);
}

static void reader(void *arg)
{
	long id = (long)arg;
	int i;

	for (i = 0; i < 5; i++) {
		uk_rwlock_rlock(&lock);
		if (shared > seen[id])
			seen[id] = shared;
		uk_sched_yield();
		uk_rwlock_unlock(&lock);
		uk_sched_yield();
	}
	arrivals = arrivals * 10 + (int)id + 1;
	if (uk_barrier_wait(&barrier))
		printf("reader %ld came last\n", id);
}

static void writer(void *arg __unused)
{
	int i;

	for (i = 1; i <= 5; i++) {
		uk_rwlock_wlock(&lock);
		shared = i * 11;
		uk_sched_yield();
		uk_rwlock_unlock(&lock);
		uk_mutex_lock(&mutex);
		uk_cond_broadcast(&changed);
		uk_mutex_unlock(&mutex);
		uk_sched_yield();
	}
	uk_barrier_wait(&barrier);
}

static void read_write(void)
{
	struct uk_thread *t[4];
	long i;

	uk_rwlock_init(&lock);
	uk_barrier_init(&barrier, 4);
	uk_mutex_init(&mutex, 0);
	uk_cond_init(&changed);
	for (i = 0; i < 3; i++)
		t[i] = spawn("reader", reader, (void *)i, UK_THREAD_ECTX);
	t[3] = spawn("writer", writer, NULL, 0);
	uk_mutex_lock(&mutex);
	while (shared < 33)
		uk_cond_wait(&changed, &mutex, 0);
	printf("woken at %d\n", shared);
	uk_mutex_unlock(&mutex);
	for (i = 0; i < 4; i++)
		uk_sched_join(t[i]);
	printf("readers saw %d %d %d, arrived %d\n", seen[0], seen[1], seen[2], arrivals);
}

static char order[16];
static int norder;
static struct uk_semaphore fired;

static void on_timer(struct uk_timer *t, void *arg)
{
	order[norder++] = *(char *)arg;
	if (t->fired == 3)
		uk_timer_stop(t);
	uk_semaphore_up(&fired);
}

static void timers(void)
{
	static struct uk_timer a, b, c, d;
	int i, late;

	uk_semaphore_init(&fired, 0);
	/* the earliest is set first, so a slow host cannot swap them */
	uk_timer_start(&a, 1000000, 0, on_timer, "a");
	uk_timer_start(&b, 3000000, 0, on_timer, "b");
	uk_timer_start(&d, 500000000000UL, 0, on_timer, "d");
	uk_timer_start(&c, 6000000, 1000000, on_timer, "c");
	uk_timer_stop(&d);
	for (i = 0; i < 5; i++)
		uk_semaphore_down(&fired);
	late = uk_semaphore_down_to(&fired, 2000000);
	printf("timers: %s, then %s\n", order, late ? "nothing" : "one more");
}

static __thread long mine = 7;
static __thread long zero;

static void own(void *arg)
{
	long *sum = arg;

	mine += *sum;
	zero++;
	uk_sched_yield();
	*sum = mine * 10 + zero;
}

void workers(void)
{
	struct uk_thread *t[3];
	long sums[3] = { 1, 2, 3 };
	struct uk_arena arena;
	char *p = NULL;
	int i;

	queue();
	read_write();
	timers();
	for (i = 0; i < 3; i++)
		t[i] = spawn("own", own, &sums[i], 0);
	for (i = 0; i < 3; i++)
		uk_sched_join(t[i]);
	printf("thread locals: %ld %ld %ld, main's still %ld%ld\n", sums[0], sums[1], sums[2], mine, zero);
	uk_arena_init(&arena, uk_alloc_get_default(), 1024);
	for (i = 0; i < 200; i++)
		p = uk_arena_strndup(&arena, "some text to keep", (size_t)(i % 17));
	printf("arena: %zu used of %zu, last '%s'\n", arena.used, arena.total, p);
	uk_arena_reset(&arena);
}
