/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <uk/init.h>
#include <uk/libparam.h>
#include <uk/netdev.h>

static struct uk_list_head queue = UK_LIST_HEAD_INIT(queue);
static unsigned int drop_every, counter;
static long limit = 64;
static long queued;

/* from the command line: loopback_queue=16 */
UK_LIBPARAM(loopback_queue, &limit);

void uk_netdev_loopback_drop(unsigned int n)
{
	drop_every = n;
	counter = 0;
}

static int tx(struct uk_netdev *dev, struct uk_netbuf *nb)
{
	if (queued >= limit || (drop_every && ++counter % drop_every == 0)) {
		uk_netbuf_free(nb);
		return -ENOSPC;
	}
	uk_list_add_tail(&nb->link, &queue);
	queued++;
	if (dev->wake)
		uk_waitq_wake_one(dev->wake);
	return 0;
}

static struct uk_netbuf *rx(struct uk_netdev *dev __unused)
{
	struct uk_netbuf *nb;

	if (uk_list_empty(&queue))
		return NULL;
	nb = uk_list_first_entry(&queue, struct uk_netbuf, link);
	uk_list_del(&nb->link);
	queued--;
	return nb;
}

static struct uk_netdev lo = { .name = "lo", .mtu = 1500, .tx = tx, .rx = rx };

static int init(struct uk_init_ctx *ctx __unused)
{
	return uk_netdev_register(&lo);
}
uk_initcall_prio(init, NULL, 31);
