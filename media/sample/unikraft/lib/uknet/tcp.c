/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uk/trace.h>
#include "net_priv.h"

UK_TRACEPOINT(tcp_state);

struct tcp {
	uint16_t src, dst;
	uint32_t seq, ack;
	uint8_t off, flags;
	uint16_t wnd, sum, urg;
} __packed;

struct uk_list_head net__tcps = UK_LIST_HEAD_INIT(net__tcps);

#define RTO_MIN 30000000UL

/* sequence numbers wrap around */
static int before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static void set_state(struct net__tcp *t, enum net__tcp_state s)
{
	uk_trace(tcp_state, t->state, s);
	t->state = s;
	uk_waitq_wake_all(&t->wait);
}

struct net__tcp *net__tcp_new(void)
{
	struct net__tcp *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->local = NET_LOOPBACK;
	t->rto = RTO_MIN;
	uk_waitq_init(&t->wait);
	uk_list_init(&t->accept);
	uk_list_add_tail(&t->link, &net__tcps);
	return t;
}

int net__tcp_port_used(uint16_t port)
{
	struct net__tcp *t;

	uk_list_for_each_entry(t, &net__tcps, link)
		if (t->lport == port)
			return 1;
	return 0;
}

static void copy_in(uint8_t *ring, size_t at, const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		ring[(at + i) % TCP_BUF] = p[i];
}

static void copy_out(uint8_t *p, const uint8_t *ring, size_t at, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[i] = ring[(at + i) % TCP_BUF];
}

static int emit(ip4_t src, uint16_t sport, ip4_t dst, uint16_t dport, uint32_t seq, uint32_t ack,
		uint8_t flags, uint16_t wnd, struct uk_netbuf *nb)
{
	struct tcp *h;

	if (!nb)
		nb = uk_netbuf_alloc(0);
	if (!nb)
		return -ENOMEM;
	h = uk_netbuf_push(nb, sizeof(*h));
	memset(h, 0, sizeof(*h));
	uk_put_be16(&h->src, sport);
	uk_put_be16(&h->dst, dport);
	uk_put_be32(&h->seq, seq);
	uk_put_be32(&h->ack, flags & TCP_ACK ? ack : 0);
	h->off = sizeof(*h) / 4 << 4;
	h->flags = flags;
	uk_put_be16(&h->wnd, wnd);
	uk_put_be16(&h->sum, net__pseudo(nb, src, dst, NET_TCP));
	net__stats.tcp_out++;
	return net__ip_output(nb, src, dst, NET_TCP);
}

static void reply(struct net__tcp *t, uint32_t seq, uint8_t flags, struct uk_netbuf *nb)
{
	emit(t->local, t->lport, t->remote, t->rport, seq, t->rcv_nxt, flags,
	     (uint16_t)(TCP_BUF - t->rx_len), nb);
}

static void arm(struct net__tcp *t)
{
	t->retrans_at = t->snd_una == t->snd_nxt ? 0 : ukplat_monotonic_clock() + t->rto;
	net__kick();
}

/* The FIN goes behind the last byte, and again only if it was lost. */
static int fin_due(const struct net__tcp *t)
{
	if (!t->fin_queued || t->snd_nxt - t->snd_una != t->tx_len)
		return 0;
	switch (t->state) {
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
		return 1;
	case TCP_FIN_WAIT1:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		return t->snd_nxt == t->fin_seq;
	default:
		return 0;
	}
}

/* Send what the window allows, from snd_nxt on; then the FIN, if it is time. */
void net__tcp_output(struct net__tcp *t)
{
	int sent = 0;

	if (t->state < TCP_ESTABLISHED || t->state == TCP_TIME_WAIT)
		return;
	for (;;) {
		size_t off = t->snd_nxt - t->snd_una, left, n;
		struct uk_netbuf *nb;

		if (off >= t->tx_len || off >= t->snd_wnd)
			break;
		left = MIN(t->tx_len - off, t->snd_wnd - off);
		n = MIN(left, (size_t)TCP_MSS);
		nb = uk_netbuf_alloc(n);
		if (!nb)
			break;
		copy_out(nb->data, t->tx, t->tx_head + off, n);
		reply(t, t->snd_nxt, TCP_ACK | (n == left ? TCP_PSH : 0), nb);
		t->snd_nxt += (uint32_t)n;
		sent = 1;
	}
	if (fin_due(t)) {
		reply(t, t->snd_nxt, TCP_ACK | TCP_FIN, NULL);
		t->fin_seq = t->snd_nxt++;
		if (t->state == TCP_ESTABLISHED)
			set_state(t, TCP_FIN_WAIT1);
		else if (t->state == TCP_CLOSE_WAIT)
			set_state(t, TCP_LAST_ACK);
		sent = 1;
	}
	if (sent)
		arm(t);
}

int net__tcp_listen(struct net__tcp *t, int backlog)
{
	if (t->state != TCP_CLOSED || !t->lport)
		return -EINVAL;
	t->backlog = backlog;
	set_state(t, TCP_LISTEN);
	return 0;
}

int net__tcp_connect(struct net__tcp *t, ip4_t ip, uint16_t port, nsec_t timeout)
{
	static uint32_t iss = 1000;
	nsec_t deadline = ukplat_monotonic_clock() + (timeout ? timeout : 3000000000UL);

	if (t->state != TCP_CLOSED)
		return -EINVAL;
	if (!t->lport)
		t->lport = net__port_alloc(net__tcp_port_used);
	t->remote = ip;
	t->rport = port;
	t->snd_una = iss += 64000;
	t->snd_nxt = t->snd_una + 1;
	set_state(t, TCP_SYN_SENT);
	reply(t, t->snd_una, TCP_SYN, NULL);
	arm(t);
	while (t->state == TCP_SYN_SENT)
		if (uk_waitq_wait(&t->wait, deadline) < 0)
			break;
	if (t->state == TCP_SYN_SENT) {
		set_state(t, TCP_CLOSED);
		t->retrans_at = 0;
		return -ETIMEDOUT;
	}
	return t->state == TCP_CLOSED ? (t->error ? t->error : -ECONNREFUSED) : 0;
}

struct net__tcp *net__tcp_accept(struct net__tcp *t, nsec_t deadline)
{
	struct net__tcp *c;

	if (t->state != TCP_LISTEN)
		return NULL;
	while (uk_list_empty(&t->accept))
		if (uk_waitq_wait(&t->wait, deadline) < 0 || t->state != TCP_LISTEN)
			return NULL;
	c = uk_list_first_entry(&t->accept, struct net__tcp, accept);
	uk_list_del(&c->accept);
	t->backlog++;
	c->listener = NULL;
	return c;
}

ssize_t net__tcp_send(struct net__tcp *t, const void *data, size_t n)
{
	while (t->state == TCP_ESTABLISHED || t->state == TCP_CLOSE_WAIT) {
		size_t room = TCP_BUF - t->tx_len, k = MIN(room, n);

		if (t->fin_queued)
			return -EPIPE;
		if (!k) {
			uk_waitq_wait(&t->wait, 0);
			continue;
		}
		copy_in(t->tx, t->tx_head + t->tx_len, data, k);
		t->tx_len += k;
		net__tcp_output(t);
		return (ssize_t)k;
	}
	return t->error ? t->error : -EPIPE;
}

ssize_t net__tcp_recv(struct net__tcp *t, void *buf, size_t n, nsec_t deadline)
{
	size_t k;
	int was_full;

	while (!t->rx_len) {
		if (t->state == TCP_CLOSED)
			return t->error;
		if (t->state >= TCP_CLOSE_WAIT)
			return 0;
		if (t->state < TCP_ESTABLISHED)
			return -ENOTCONN;
		if (uk_waitq_wait(&t->wait, deadline) < 0 && !t->rx_len)
			return -ETIMEDOUT;
	}
	was_full = TCP_BUF - t->rx_len < TCP_MSS;
	k = MIN(n, t->rx_len);
	copy_out(buf, t->rx, t->rx_head, k);
	t->rx_head = (t->rx_head + k) % TCP_BUF;
	t->rx_len -= k;
	if (was_full && TCP_BUF - t->rx_len >= TCP_MSS)
		reply(t, t->snd_nxt, TCP_ACK, NULL); /* the window is open again */
	return (ssize_t)k;
}

void net__tcp_shutdown(struct net__tcp *t)
{
	if (t->state != TCP_ESTABLISHED && t->state != TCP_CLOSE_WAIT)
		return;
	t->fin_queued = 1;
	net__tcp_output(t);
}

void net__tcp_drop(struct net__tcp *t, int error)
{
	t->error = error;
	t->retrans_at = 0;
	set_state(t, TCP_CLOSED);
	if (t->orphan) {
		uk_list_del(&t->link);
		free(t);
	}
}

/* The owner lets go: what is still under way goes on without one. */
void net__tcp_close(struct net__tcp *t)
{
	if (t->state == TCP_LISTEN) {
		struct net__tcp *c, *n;

		uk_list_for_each_entry_safe(c, n, &t->accept, accept) {
			uk_list_del(&c->accept);
			c->orphan = 1;
			reply(c, c->snd_nxt, TCP_RST | TCP_ACK, NULL);
			net__tcp_drop(c, -ECONNRESET);
		}
		uk_list_for_each_entry_safe(c, n, &net__tcps, link)
			if (c->listener == t)
				c->listener = NULL;
		set_state(t, TCP_CLOSED);
	}
	if (t->state == TCP_CLOSED || t->state == TCP_TIME_WAIT) {
		uk_list_del(&t->link);
		free(t);
		return;
	}
	t->orphan = 1;
	net__tcp_shutdown(t);
}

/* During the handshake it is the SYN that has to go again. */
int net__tcp_resend_syn(struct net__tcp *t)
{
	if (t->state == TCP_SYN_SENT)
		reply(t, t->snd_una, TCP_SYN, NULL);
	else if (t->state == TCP_SYN_RCVD)
		reply(t, t->snd_una, TCP_SYN | TCP_ACK, NULL);
	else
		return 0;
	return 1;
}

static struct net__tcp *find(const struct net__ctx *c, uint16_t lport, uint16_t rport)
{
	struct net__tcp *t, *listener = NULL;

	uk_list_for_each_entry(t, &net__tcps, link) {
		if (t->lport != lport)
			continue;
		if (t->state == TCP_LISTEN)
			listener = t;
		else if (t->state != TCP_CLOSED && t->rport == rport && t->remote == c->src)
			return t;
	}
	return listener;
}

static void passive_open(struct net__tcp *l, const struct net__ctx *c, uint16_t rport, uint32_t seq,
			 uint16_t wnd)
{
	struct net__tcp *t;

	if (l->backlog <= 0)
		return;
	t = net__tcp_new();
	if (!t)
		return;
	l->backlog--;
	t->listener = l;
	t->local = c->dst;
	t->remote = c->src;
	t->lport = l->lport;
	t->rport = rport;
	t->rcv_nxt = seq + 1;
	t->snd_wnd = wnd;
	t->snd_una = seq ^ 0x5a5a5a5a;
	t->snd_nxt = t->snd_una + 1;
	t->state = TCP_SYN_RCVD;
	reply(t, t->snd_una, TCP_SYN | TCP_ACK, NULL);
	arm(t);
}

static void acked(struct net__tcp *t, uint32_t ack, uint16_t wnd)
{
	uint32_t n = ack - t->snd_una;

	t->snd_wnd = wnd;
	if (!n || before(t->snd_nxt, ack))
		return;
	t->retries = 0;
	t->rto = RTO_MIN;
	t->snd_una = ack;
	if (t->state == TCP_SYN_RCVD) {
		set_state(t, TCP_ESTABLISHED);
		if (t->listener) {
			uk_list_add_tail(&t->accept, &t->listener->accept);
			uk_waitq_wake_one(&t->listener->wait);
		}
		n--;
	} else if (t->fin_queued && ack == t->fin_seq + 1 && t->state >= TCP_FIN_WAIT1) {
		n--;
		if (t->state == TCP_FIN_WAIT1)
			set_state(t, TCP_FIN_WAIT2);
		else if (t->state == TCP_CLOSING)
			set_state(t, TCP_TIME_WAIT);
		else if (t->state == TCP_LAST_ACK)
			set_state(t, TCP_CLOSED);
	}
	n = (uint32_t)MIN((size_t)n, t->tx_len);
	t->tx_head = (t->tx_head + n) % TCP_BUF;
	t->tx_len -= n;
	arm(t);
	uk_waitq_wake_all(&t->wait);
}

static void got_fin(struct net__tcp *t)
{
	t->rcv_nxt++;
	switch (t->state) {
	case TCP_SYN_RCVD:
	case TCP_ESTABLISHED:
		set_state(t, TCP_CLOSE_WAIT);
		break;
	case TCP_FIN_WAIT1:
		set_state(t, TCP_CLOSING);
		break;
	case TCP_FIN_WAIT2:
		set_state(t, TCP_TIME_WAIT);
		break;
	default:
		break;
	}
}

static void segment(struct net__tcp *t, uint32_t seq, uint8_t flags, struct uk_netbuf *nb)
{
	size_t n = nb->len, room = TCP_BUF - t->rx_len;
	int ack = n > 0;

	if (n && seq == t->rcv_nxt && t->state <= TCP_FIN_WAIT2) {
		n = MIN(n, room);
		copy_in(t->rx, t->rx_head + t->rx_len, nb->data, n);
		t->rx_len += n;
		t->rcv_nxt += (uint32_t)n;
		seq += (uint32_t)n;
		uk_waitq_wake_all(&t->wait);
	} else {
		seq += (uint32_t)n;
	}
	if (flags & TCP_FIN) {
		ack = 1;
		if (seq == t->rcv_nxt)
			got_fin(t);
	}
	if (ack)
		reply(t, t->snd_nxt, TCP_ACK, NULL);
}

static void done(struct net__tcp *t)
{
	if (t->orphan && (t->state == TCP_TIME_WAIT || t->state == TCP_CLOSED)) {
		uk_list_del(&t->link);
		free(t);
	}
}

void net__tcp_input(struct uk_netbuf *nb, const struct net__ctx *c)
{
	struct tcp h;
	struct net__tcp *t;
	uint32_t seq, ack;
	uint16_t sport, dport;
	size_t hlen;

	net__stats.tcp_in++;
	if (nb->len < sizeof(h) || net__pseudo(nb, c->src, c->dst, NET_TCP))
		goto bad;
	memcpy(&h, nb->data, sizeof(h));
	hlen = (size_t)(h.off >> 4) * 4;
	if (hlen < sizeof(h) || hlen > nb->len)
		goto bad;
	uk_netbuf_pull(nb, hlen);
	seq = uk_be32(&h.seq);
	ack = uk_be32(&h.ack);
	sport = uk_be16(&h.src);
	dport = uk_be16(&h.dst);
	t = find(c, dport, sport);
	if (!t) {
		if (!(h.flags & TCP_RST)) {
			net__stats.resets++;
			emit(c->dst, dport, c->src, sport, h.flags & TCP_ACK ? ack : 0,
			     seq + (uint32_t)nb->len + !!(h.flags & (TCP_SYN | TCP_FIN)),
			     TCP_RST | TCP_ACK, 0, NULL);
		}
	} else if (t->state == TCP_LISTEN) {
		if ((h.flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN)
			passive_open(t, c, sport, seq, uk_be16(&h.wnd));
	} else if (h.flags & TCP_RST) {
		net__tcp_drop(t, t->state == TCP_SYN_SENT ? -ECONNREFUSED : -ECONNRESET);
	} else if (t->state == TCP_SYN_SENT) {
		if ((h.flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK) && ack == t->snd_nxt) {
			t->rcv_nxt = seq + 1;
			t->snd_una = ack;
			t->snd_wnd = uk_be16(&h.wnd);
			set_state(t, TCP_ESTABLISHED);
			arm(t);
			reply(t, t->snd_nxt, TCP_ACK, NULL);
		}
	} else if (h.flags & TCP_SYN) {
		/* our answer to a SYN was lost, or the last ACK of the handshake */
		if (t->state == TCP_SYN_RCVD)
			reply(t, t->snd_una, TCP_SYN | TCP_ACK, NULL);
		else
			reply(t, t->snd_nxt, TCP_ACK, NULL);
	} else {
		if (h.flags & TCP_ACK)
			acked(t, ack, uk_be16(&h.wnd));
		segment(t, seq, h.flags, nb);
		net__tcp_output(t);
		done(t);
	}
	uk_netbuf_free(nb);
	return;
bad:
	net__stats.ip_bad++;
	uk_netbuf_free(nb);
}
