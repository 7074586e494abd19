/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include <uk/print.h>
#include "net_priv.h"

struct net_stats net__stats;

const struct net_stats *net_stats(void)
{
	return &net__stats;
}

/* There is one interface, and its net is 127/8. */
int net__ip_output(struct uk_netbuf *nb, ip4_t src, ip4_t dst, uint8_t proto)
{
	static uint16_t id;
	struct uk_netdev *dev = uk_netdev_find("lo");
	struct net__ip *h;

	if (!dev || dst >> 24 != 127) {
		uk_netbuf_free(nb);
		return -ENETUNREACH;
	}
	h = uk_netbuf_push(nb, sizeof(*h));
	memset(h, 0, sizeof(*h));
	h->vhl = 0x45;
	uk_put_be16(&h->len, (uint16_t)nb->len);
	uk_put_be16(&h->id, ++id);
	uk_put_be16(&h->frag, 0x4000);
	h->ttl = 64;
	h->proto = proto;
	uk_put_be32(&h->src, src);
	uk_put_be32(&h->dst, dst);
	uk_put_be16(&h->sum, net__fold(net__sum(0, h, sizeof(*h))));
	net__stats.ip_out++;
	return uk_netdev_tx(dev, nb);
}

static const char *check(const struct uk_netbuf *nb, size_t *hlen)
{
	const struct net__ip *h = (const struct net__ip *)nb->data;

	if (nb->len < sizeof(*h))
		return "short";
	if (h->vhl >> 4 != 4)
		return "version";
	*hlen = (h->vhl & 15U) * 4;
	if (*hlen < sizeof(*h) || *hlen > nb->len)
		return "header length";
	if (net__fold(net__sum(0, h, *hlen)))
		return "checksum";
	if (uk_be16(&h->len) > nb->len || uk_be16(&h->len) < *hlen)
		return "length";
	if (uk_be16(&h->frag) & 0x3fff)
		return "fragment";
	return NULL;
}

void net__ip_input(struct uk_netbuf *nb)
{
	struct net__ip *h = (struct net__ip *)nb->data;
	struct net__ctx c;
	size_t hlen;
	const char *bad = check(nb, &hlen);

	net__stats.ip_in++;
	if (bad) {
		net__stats.ip_bad++;
		uk_pr_warn("packet dropped: %s\n", bad);
		uk_netbuf_free(nb);
		return;
	}
	c.src = uk_be32(&h->src);
	c.dst = uk_be32(&h->dst);
	nb->len = uk_be16(&h->len);
	uk_netbuf_pull(nb, hlen);
	c.len = (uint16_t)nb->len;
	switch (h->proto) {
	case NET__ICMP:
		net__icmp_input(nb, &c);
		break;
	case NET_UDP:
		net__udp_input(nb, &c);
		break;
	case NET_TCP:
		net__tcp_input(nb, &c);
		break;
	default:
		uk_netbuf_free(nb);
	}
}
