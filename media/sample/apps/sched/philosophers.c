/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <uk/test.h>
#include "demo.h"

#define N 5
#define MEALS 4

static struct uk_mutex forks[N];
static struct uk_semaphore room;
static char journal[N * MEALS + 1];
static int meals;

/* At most four sit down, so one of them always gets both forks. */
static void philosopher(void *arg)
{
	long id = (long)arg;
	int i;

	for (i = 0; i < MEALS; i++) {
		uk_semaphore_down(&room);
		uk_mutex_lock(&forks[id]);
		uk_sched_yield();
		uk_mutex_lock(&forks[(id + 1) % N]);
		journal[meals++] = (char)('A' + id);
		uk_sched_yield();
		uk_mutex_unlock(&forks[(id + 1) % N]);
		uk_mutex_unlock(&forks[id]);
		uk_semaphore_up(&room);
	}
}

void philosophers(void)
{
	static const char *const names[N] = { "Ada", "Ben", "Cleo", "Dan", "Eve" };
	struct uk_thread *t[N];
	unsigned long contended = 0;
	long i;

	uk_semaphore_init(&room, N - 1);
	for (i = 0; i < N; i++)
		uk_mutex_init(&forks[i], 0);
	for (i = 0; i < N; i++)
		t[i] = spawn(names[i], philosopher, (void *)i, 0);
	for (i = 0; i < N; i++)
		uk_sched_join(t[i]);
	for (i = 0; i < N; i++)
		contended += forks[i].contended;
	printf("meals: %s, %lu waits for a fork\n", journal, contended);
}

UK_TESTCASE(locks, recursive)
{
	struct uk_mutex m;

	uk_mutex_init(&m, 1);
	uk_mutex_lock(&m);
	UK_TEST_EXPECT(uk_mutex_trylock(&m) == 1);
	uk_mutex_unlock(&m);
	UK_TEST_EXPECT(m.owner == uk_thread_current());
	uk_mutex_unlock(&m);
	UK_TEST_EXPECT(!m.owner);
}

UK_TESTCASE(locks, upgrade)
{
	struct uk_rwlock l;

	uk_rwlock_init(&l);
	uk_rwlock_rlock(&l);
	uk_rwlock_rlock(&l);
	UK_TEST_EXPECT(uk_rwlock_upgrade(&l) < 0);
	uk_rwlock_unlock(&l);
	UK_TEST_EXPECT(uk_rwlock_upgrade(&l) == 0);
	uk_rwlock_unlock(&l);
	UK_TEST_EXPECT(!l.writer && !l.readers);
}
UK_TESTSUITE(locks);
