/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/alloc.h>
#include <uk/context.h>
#include <uk/list.h>
#include <uk/plat/platform.h>

#define UK_THREAD_RUNNING 0
#define UK_THREAD_READY 1
#define UK_THREAD_BLOCKED 2
#define UK_THREAD_EXITED 3

#define UK_THREAD_ECTX 1 /* keep the SSE registers over a switch */

struct uk_sched;
struct uk_thread {
	const char *name;
	int state, flags, id, timed_out;
	struct uk_context ctx;
	void *stack, *tls, *ectx;
	void (*fn)(void *);
	void *arg;
	struct uk_sched *sched;
	nsec_t wake_at;
	unsigned long switches;
	struct uk_list_head queue;  /* ready or sleeping list */
	struct uk_list_head waitq;  /* wait queue */
	struct uk_list_head all;
	struct uk_list_head joiners;
};

/* What a scheduling policy implements. */
struct uk_sched {
	void (*yield)(struct uk_sched *s);
	void (*ready)(struct uk_sched *s, struct uk_thread *t);
	void (*block)(struct uk_sched *s, struct uk_thread *t);
	void (*exit)(struct uk_sched *s, struct uk_thread *t);
	int (*start)(struct uk_sched *s);
	struct uk_alloc *a;
	struct uk_list_head threads;
	struct uk_thread *current;
	int next_id, live;
	unsigned long switches;
};

/* Per-thread set-up of libraries, in the order of their section names. */
struct uk_thread_inittab_entry {
	int (*init)(struct uk_thread *t);
	void (*term)(struct uk_thread *t);
};
#define UK_THREAD_INIT_PRIO(ifn, tfn, prio) \
	static const struct uk_thread_inittab_entry __used \
		__section(".uk_thread_inittab" #prio) __align(8) __uk_tinit_##ifn = { (ifn), (tfn) }

struct uk_sched *uk_sched_default_init(struct uk_alloc *a);
struct uk_sched *uk_sched_current(void);
struct uk_thread *uk_thread_current(void);
struct uk_thread *uk_sched_thread_create(struct uk_sched *s, const char *name, void (*fn)(void *),
					 void *arg, int flags);
void uk_sched_start(struct uk_sched *s) __noreturn;
void uk_sched_yield(void);
void uk_sched_exit(void) __noreturn;
void uk_sched_sleep(nsec_t ns);
void uk_sched_block(nsec_t deadline);
void uk_sched_wake(struct uk_thread *t);
int uk_sched_join(struct uk_thread *t);
int uk_sched_foreach(struct uk_sched *s, int (*fn)(struct uk_thread *t, void *arg), void *arg);
void uk_sched_switch_to(struct uk_sched *s, struct uk_thread *next);
const char *uk_thread_state_name(int state);
/* Sections whose stack size the application may want to change (weak). */
size_t uk_thread_stack_size(const char *name);
