/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <uk/list.h>
#include <uk/wait.h>

#define UK_NETBUF_HEADROOM 64
#define UK_NETBUF_SIZE 1664

struct uk_netbuf {
	struct uk_list_head link;
	uint8_t *data;
	size_t len;
	uint8_t buf[UK_NETBUF_SIZE];
};
struct uk_netbuf *uk_netbuf_alloc(size_t len);
void uk_netbuf_free(struct uk_netbuf *nb);
void *uk_netbuf_push(struct uk_netbuf *nb, size_t n);
void *uk_netbuf_pull(struct uk_netbuf *nb, size_t n);
unsigned long uk_netbuf_in_use(void);

struct uk_netdev_stats {
	unsigned long rx, tx, bytes, dropped;
};
struct uk_netdev {
	const char *name;
	size_t mtu;
	int (*tx)(struct uk_netdev *dev, struct uk_netbuf *nb);
	struct uk_netbuf *(*rx)(struct uk_netdev *dev);
	struct uk_waitq *wake;
	struct uk_netdev_stats stats;
	struct uk_netdev *next;
};
int uk_netdev_register(struct uk_netdev *dev);
struct uk_netdev *uk_netdev_find(const char *name);
int uk_netdev_tx(struct uk_netdev *dev, struct uk_netbuf *nb);
struct uk_netbuf *uk_netdev_rx(struct uk_netdev *dev);
/* Lose every n-th packet of the loopback device; 0 loses none. */
void uk_netdev_loopback_drop(unsigned int n);
