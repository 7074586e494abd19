/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/sched.h>

/* Callbacks at a time, run by one thread in order of their deadlines. */
struct uk_timer {
	nsec_t at, period;
	void (*fn)(struct uk_timer *t, void *arg);
	void *arg;
	unsigned long fired;
	unsigned int slot; /* place in the heap, from 1; 0 is idle */
};
int uk_timer_start(struct uk_timer *t, nsec_t delay, nsec_t period,
		   void (*fn)(struct uk_timer *, void *), void *arg);
int uk_timer_stop(struct uk_timer *t);
