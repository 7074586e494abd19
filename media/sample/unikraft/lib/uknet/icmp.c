/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include "net_priv.h"

struct icmp {
	uint8_t type, code;
	uint16_t sum, id, seq;
} __packed;

#define ECHO_REPLY 0
#define UNREACHABLE 3
#define ECHO 8
#define PING_ID 0x5350

static struct uk_waitq pings = UK_WAITQ_INIT(pings);
static uint16_t last_seq;
static size_t last_len;
static int last_ok;

static int send(struct uk_netbuf *nb, uint8_t type, uint8_t code, uint16_t id, uint16_t seq, ip4_t to)
{
	struct icmp *h = uk_netbuf_push(nb, sizeof(*h));

	h->type = type;
	h->code = code;
	h->sum = 0;
	uk_put_be16(&h->id, id);
	uk_put_be16(&h->seq, seq);
	uk_put_be16(&h->sum, net__fold(net__sum(0, nb->data, nb->len)));
	return net__ip_output(nb, NET_LOOPBACK, to, NET__ICMP);
}

void net__icmp_unreachable(ip4_t to, const void *orig, size_t n)
{
	struct uk_netbuf *nb = uk_netbuf_alloc(n);

	if (!nb)
		return;
	memcpy(nb->data, orig, n);
	send(nb, UNREACHABLE, 3, 0, 0, to);
}

void net__icmp_input(struct uk_netbuf *nb, const struct net__ctx *c)
{
	struct icmp h;
	size_t i;

	net__stats.icmp_in++;
	if (nb->len < sizeof(h) || net__fold(net__sum(0, nb->data, nb->len))) {
		net__stats.ip_bad++;
		uk_netbuf_free(nb);
		return;
	}
	memcpy(&h, uk_netbuf_pull(nb, sizeof(h)), sizeof(h));
	switch (h.type) {
	case ECHO:
		send(nb, ECHO_REPLY, 0, uk_be16(&h.id), uk_be16(&h.seq), c->src);
		return;
	case ECHO_REPLY:
		if (uk_be16(&h.id) != PING_ID)
			break;
		last_seq = uk_be16(&h.seq);
		last_len = nb->len;
		last_ok = 1;
		for (i = 0; i < nb->len; i++)
			last_ok &= nb->data[i] == (uint8_t)i;
		uk_waitq_wake_all(&pings);
		break;
	}
	uk_netbuf_free(nb);
}

int net_ping(ip4_t ip, uint16_t seq, size_t payload)
{
	nsec_t deadline = ukplat_monotonic_clock() + 1000000000UL;
	struct uk_netbuf *nb = uk_netbuf_alloc(payload);
	size_t i;
	int rc;

	if (!nb)
		return -EMSGSIZE;
	for (i = 0; i < payload; i++)
		nb->data[i] = (uint8_t)i;
	last_seq = (uint16_t)~seq;
	rc = send(nb, ECHO, 0, PING_ID, seq, ip);
	while (rc >= 0 && last_seq != seq)
		rc = uk_waitq_wait(&pings, deadline);
	return rc < 0 ? rc : last_ok && last_len == payload ? 0 : -EIO;
}
