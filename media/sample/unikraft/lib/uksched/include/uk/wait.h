/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/sched.h>

/* Threads that wait for something, first come first served. */
struct uk_waitq {
	struct uk_list_head waiters;
};
#define UK_WAITQ_INIT(q) { UK_LIST_HEAD_INIT((q).waiters) }
void uk_waitq_init(struct uk_waitq *q);
/* 0, or -ETIMEDOUT when the deadline passed (0: no deadline) */
int uk_waitq_wait(struct uk_waitq *q, nsec_t deadline);
int uk_waitq_wake_one(struct uk_waitq *q);
int uk_waitq_wake_all(struct uk_waitq *q);

#define uk_waitq_wait_event(q, cond) \
	do { \
		while (!(cond)) \
			uk_waitq_wait(q, 0); \
	} while (0)
