/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include <uk/netdev.h>
#include <uk/print.h>

static struct uk_netdev *devices;

int uk_netdev_register(struct uk_netdev *dev)
{
	struct uk_netdev **p = &devices;

	for (; *p; p = &(*p)->next)
		if (!strcmp((*p)->name, dev->name))
			return -EEXIST;
	dev->next = NULL;
	*p = dev;
	uk_pr_info("%s: mtu %lu\n", dev->name, dev->mtu);
	return 0;
}

struct uk_netdev *uk_netdev_find(const char *name)
{
	struct uk_netdev *d;

	for (d = devices; d; d = d->next)
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}

int uk_netdev_tx(struct uk_netdev *dev, struct uk_netbuf *nb)
{
	int rc;

	if (nb->len > dev->mtu) {
		dev->stats.dropped++;
		uk_netbuf_free(nb);
		return -EMSGSIZE;
	}
	dev->stats.tx++;
	dev->stats.bytes += nb->len;
	rc = dev->tx(dev, nb);
	if (rc < 0)
		dev->stats.dropped++;
	return rc;
}

struct uk_netbuf *uk_netdev_rx(struct uk_netdev *dev)
{
	struct uk_netbuf *nb = dev->rx(dev);

	if (nb)
		dev->stats.rx++;
	return nb;
}
