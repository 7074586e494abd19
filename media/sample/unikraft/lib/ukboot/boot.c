/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <uk/assert.h>
#include <uk/boot.h>
#include <uk/config.h>
#include <uk/ctors.h>
#include <uk/init.h>
#include <uk/plat/platform.h>
#include <uk/print.h>
#include <uk/sched.h>
#include <uk/tls.h>
#if CONFIG_LIBUKTEST
#include <uk/test.h>
#endif
#include "boot_priv.h"

typedef void (*array_fn)(void);
extern const array_fn __preinit_array_start[], __preinit_array_end[];
extern const array_fn __init_array_start[], __init_array_end[];

static struct uk_init_ctx ctx;

static void run_array(const array_fn *from, const array_fn *to)
{
	for (; from < to; from++)
		if (*from)
			(*from)();
}

static void terminate(void)
{
	const struct uk_inittab_entry *e;

	for (e = uk_inittab_end; e-- > uk_inittab_start;)
		if (e->term)
			e->term();
}

void uk_boot_shutdown(int status)
{
	terminate();
	uk_pr_info("halted with status %d\n", status);
	ukplat_halt(status ? UKPLAT_CRASH : UKPLAT_HALT);
}

/* The first thread: what may block runs here. */
static void main_thread(void *arg __unused)
{
	const struct uk_inittab_entry *e;
	int rc;

	for (e = uk_inittab_start; e < uk_inittab_end; e++) {
		if (!e->init)
			continue;
		rc = e->init(&ctx);
		if (rc < 0) {
			uk_pr_crit("init function %d failed: %d\n", (int)(e - uk_inittab_start), rc);
			uk_boot_shutdown(1);
		}
	}
	run_array(__init_array_start, __init_array_end);
#if CONFIG_LIBUKBOOT_BANNER
	uk_boot__banner();
#endif
#if CONFIG_LIBUKTEST
	if (uk_test_run())
		uk_pr_err("self test failed\n");
#endif
	rc = main(ctx.argc, ctx.argv);
	uk_pr_info("main() returned %d\n", rc);
	exit(rc);
}

void uk_boot_entry(struct ukplat_bootinfo *bi)
{
	const uk_ctor_func_t *ctor;
	struct uk_alloc *a;
	struct uk_sched *s;
	void *tls;

	for (ctor = uk_ctortab_start; ctor < uk_ctortab_end; ctor++)
		(*ctor)();
	a = uk_boot__heap();
	if (!a) {
		uk_pr_crit("no heap\n");
		ukplat_halt(UKPLAT_CRASH);
	}
	tls = uk_tls_alloc(a);
	UK_ASSERT(tls);
	ukplat_tlsp_set(uk_tls_tlsp(tls));
	run_array(__preinit_array_start, __preinit_array_end);
	ctx.argc = uk_boot__args(bi, &ctx.argv);
	s = uk_sched_default_init(a);
	UK_ASSERT(s);
	if (!uk_sched_thread_create(s, "main", main_thread, NULL, 0)) {
		uk_pr_crit("no main thread\n");
		ukplat_halt(UKPLAT_CRASH);
	}
	uk_sched_start(s);
}
