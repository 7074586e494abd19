/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <uk/init.h>
#include "net_priv.h"

static struct uk_waitq wake = UK_WAITQ_INIT(wake);

void net__kick(void)
{
	uk_waitq_wake_one(&wake);
}

uint16_t net__port_alloc(int (*used)(uint16_t port))
{
	static uint16_t next = 49152;
	int i;

	for (i = 0; i < 16384; i++) {
		uint16_t p = next;

		next = next == 65535 ? 49152 : (uint16_t)(next + 1);
		if (!used(p))
			return p;
	}
	return 0;
}

/* The thread of the network: packets first, then timers. */
static void run(void *arg)
{
	struct uk_netdev *dev = arg;
	struct uk_netbuf *nb;

	for (;;) {
		nsec_t next;

		while ((nb = uk_netdev_rx(dev)))
			net__ip_input(nb);
		next = net__tcp_timer(ukplat_monotonic_clock());
		nb = uk_netdev_rx(dev);
		if (nb)
			net__ip_input(nb);
		else
			uk_waitq_wait(&wake, next);
	}
}

static int init(struct uk_init_ctx *ctx __unused)
{
	struct uk_netdev *dev = uk_netdev_find("lo");

	if (!dev)
		return -ENODEV;
	dev->wake = &wake;
	return uk_sched_thread_create(uk_sched_current(), "netd", run, dev, 0) ? 0 : -ENOMEM;
}
uk_initcall_prio(init, NULL, 32);
