/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include "net_priv.h"

struct udp {
	uint16_t src, dst, len, sum;
} __packed;

#define MAX_QUEUED 32
/* in front of the payload of a queued packet */
struct from {
	ip4_t ip;
	uint16_t port;
};

static struct uk_list_head bound = UK_LIST_HEAD_INIT(bound);

static struct net__udp *find(uint16_t port)
{
	struct net__udp *u;

	uk_list_for_each_entry(u, &bound, link)
		if (u->port == port)
			return u;
	return NULL;
}

static int in_use(uint16_t port)
{
	return find(port) != NULL;
}

int net__udp_bind(struct net__udp *u, uint16_t port)
{
	if (u->port)
		return -EINVAL;
	if (!port)
		port = net__port_alloc(in_use);
	if (in_use(port))
		return -EADDRINUSE;
	u->port = port;
	uk_list_add_tail(&u->link, &bound);
	return 0;
}

int net__udp_send(struct net__udp *u, const void *data, size_t n, ip4_t ip, uint16_t port)
{
	struct uk_netbuf *nb = uk_netbuf_alloc(n);
	struct udp *h;
	uint16_t sum;

	if (!nb)
		return -EMSGSIZE;
	if (!u->port)
		net__udp_bind(u, 0);
	memcpy(nb->data, data, n);
	h = uk_netbuf_push(nb, sizeof(*h));
	uk_put_be16(&h->src, u->port);
	uk_put_be16(&h->dst, port);
	uk_put_be16(&h->len, (uint16_t)nb->len);
	h->sum = 0;
	sum = net__pseudo(nb, NET_LOOPBACK, ip, NET_UDP);
	uk_put_be16(&h->sum, sum ? sum : 0xffff);
	net__stats.udp_out++;
	return net__ip_output(nb, NET_LOOPBACK, ip, NET_UDP);
}

void net__udp_input(struct uk_netbuf *nb, const struct net__ctx *c)
{
	struct udp *h = (struct udp *)nb->data;
	struct net__udp *u;
	struct from *f;
	uint16_t sport;

	net__stats.udp_in++;
	if (nb->len < sizeof(*h) || uk_be16(&h->len) > nb->len ||
	    (h->sum && net__pseudo(nb, c->src, c->dst, NET_UDP))) {
		net__stats.ip_bad++;
		uk_netbuf_free(nb);
		return;
	}
	u = find(uk_be16(&h->dst));
	if (!u || u->queued >= MAX_QUEUED) {
		if (!u)
			net__icmp_unreachable(c->src, nb->data, 8);
		uk_netbuf_free(nb);
		return;
	}
	sport = uk_be16(&h->src);
	uk_netbuf_pull(nb, sizeof(*h));
	f = uk_netbuf_push(nb, sizeof(*f));
	f->ip = c->src;
	f->port = sport;
	uk_list_add_tail(&nb->link, &u->queue);
	u->queued++;
	uk_waitq_wake_one(&u->wait);
}

/* The packet's sender is left in u->peer. */
struct uk_netbuf *net__udp_recv(struct net__udp *u, nsec_t deadline)
{
	struct uk_netbuf *nb;
	struct from *f;

	while (uk_list_empty(&u->queue))
		if (uk_waitq_wait(&u->wait, deadline) < 0 && uk_list_empty(&u->queue))
			return NULL;
	nb = uk_list_first_entry(&u->queue, struct uk_netbuf, link);
	uk_list_del(&nb->link);
	u->queued--;
	f = uk_netbuf_pull(nb, sizeof(*f));
	u->peer = f->ip;
	u->peer_port = f->port;
	return nb;
}

void net__udp_close(struct net__udp *u)
{
	while (!uk_list_empty(&u->queue)) {
		struct uk_netbuf *nb = uk_list_first_entry(&u->queue, struct uk_netbuf, link);

		uk_list_del(&nb->link);
		uk_netbuf_free(nb);
	}
	if (u->port)
		uk_list_del(&u->link);
}
