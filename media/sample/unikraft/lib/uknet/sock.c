/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "net_priv.h"

struct net_sock {
	int proto;
	nsec_t timeout;
	union {
		struct net__udp udp;
		struct net__tcp *tcp;
	};
};

static nsec_t deadline(const struct net_sock *s)
{
	return s->timeout ? ukplat_monotonic_clock() + s->timeout : 0;
}

static struct net_sock *wrap(struct net__tcp *t)
{
	struct net_sock *s = t ? calloc(1, sizeof(*s)) : NULL;

	if (s) {
		s->proto = NET_TCP;
		s->tcp = t;
	}
	return s;
}

struct net_sock *net_socket(int proto)
{
	struct net_sock *s;

	if (proto == NET_TCP)
		return wrap(net__tcp_new());
	s = proto == NET_UDP ? calloc(1, sizeof(*s)) : NULL;
	if (s) {
		s->proto = proto;
		uk_list_init(&s->udp.queue);
		uk_waitq_init(&s->udp.wait);
	}
	return s;
}

int net_bind(struct net_sock *s, uint16_t port)
{
	if (s->proto == NET_UDP)
		return net__udp_bind(&s->udp, port);
	if (s->tcp->lport)
		return -EINVAL;
	if (net__tcp_port_used(port))
		return -EADDRINUSE;
	s->tcp->lport = port;
	return 0;
}

int net_listen(struct net_sock *s, int backlog)
{
	return s->proto == NET_TCP ? net__tcp_listen(s->tcp, backlog) : -EINVAL;
}

struct net_sock *net_accept(struct net_sock *s)
{
	return s->proto == NET_TCP ? wrap(net__tcp_accept(s->tcp, deadline(s))) : NULL;
}

int net_connect(struct net_sock *s, ip4_t ip, uint16_t port)
{
	if (s->proto == NET_TCP)
		return net__tcp_connect(s->tcp, ip, port, s->timeout);
	s->udp.peer = ip;
	s->udp.peer_port = port;
	return s->udp.port ? 0 : net__udp_bind(&s->udp, 0);
}

ssize_t net_send(struct net_sock *s, const void *data, size_t n)
{
	if (s->proto == NET_TCP)
		return net__tcp_send(s->tcp, data, n);
	return s->udp.peer_port ? net_sendto(s, data, n, s->udp.peer, s->udp.peer_port) : -ENOTCONN;
}

ssize_t net_recv(struct net_sock *s, void *buf, size_t n)
{
	if (s->proto == NET_TCP)
		return net__tcp_recv(s->tcp, buf, n, deadline(s));
	return net_recvfrom(s, buf, n, NULL, NULL);
}

ssize_t net_sendto(struct net_sock *s, const void *data, size_t n, ip4_t ip, uint16_t port)
{
	int rc;

	if (s->proto != NET_UDP)
		return -EINVAL;
	rc = net__udp_send(&s->udp, data, n, ip, port);
	return rc < 0 ? rc : (ssize_t)n;
}

ssize_t net_recvfrom(struct net_sock *s, void *buf, size_t n, ip4_t *ip, uint16_t *port)
{
	ip4_t peer = s->udp.peer;
	uint16_t peer_port = s->udp.peer_port;
	struct uk_netbuf *nb;

	if (s->proto != NET_UDP)
		return -EINVAL;
	nb = net__udp_recv(&s->udp, deadline(s));
	if (!nb)
		return -ETIMEDOUT;
	n = MIN(n, nb->len);
	memcpy(buf, nb->data, n);
	uk_netbuf_free(nb);
	if (ip)
		*ip = s->udp.peer;
	if (port)
		*port = s->udp.peer_port;
	if (peer_port) {
		s->udp.peer = peer;
		s->udp.peer_port = peer_port;
	}
	return (ssize_t)n;
}

int net_shutdown(struct net_sock *s)
{
	if (s->proto != NET_TCP)
		return -EINVAL;
	net__tcp_shutdown(s->tcp);
	return 0;
}

void net_close(struct net_sock *s)
{
	if (s->proto == NET_TCP)
		net__tcp_close(s->tcp);
	else
		net__udp_close(&s->udp);
	free(s);
}

int net_set_timeout(struct net_sock *s, nsec_t timeout)
{
	s->timeout = timeout;
	return 0;
}

ssize_t net_send_all(struct net_sock *s, const void *data, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = net_send(s, (const char *)data + done, n - done);

		if (k < 0)
			return k;
		done += (size_t)k;
	}
	return (ssize_t)n;
}

/* One byte at a time: simple, and a line is short. */
ssize_t net_recv_until(struct net_sock *s, char *buf, size_t cap, const char *delim)
{
	size_t n = 0, d = strlen(delim);
	ssize_t rc;

	while (n + 1 < cap) {
		rc = net_recv(s, buf + n, 1);
		if (rc <= 0)
			return rc;
		buf[++n] = 0;
		if (n >= d && !memcmp(buf + n - d, delim, d))
			return (ssize_t)n;
	}
	return -EMSGSIZE;
}

const char *net_sock_state(const struct net_sock *s)
{
	return s->proto == NET_TCP ? net__tcp_state_name(s->tcp->state) : "UDP";
}
