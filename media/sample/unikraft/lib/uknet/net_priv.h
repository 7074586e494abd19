/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/bitops.h>
#include <uk/essentials.h>
#include <uk/net.h>
#include <uk/netdev.h>
#include <uk/wait.h>

#define NET__ICMP 1

struct net__ip {
	uint8_t vhl, tos;
	uint16_t len, id, frag;
	uint8_t ttl, proto;
	uint16_t sum;
	uint32_t src, dst;
} __packed;

struct net__ctx {
	ip4_t src, dst;
	uint16_t len;
};
extern struct net_stats net__stats;

uint32_t net__sum(uint32_t sum, const void *data, size_t n);
uint16_t net__fold(uint32_t sum);
uint16_t net__pseudo(const struct uk_netbuf *nb, ip4_t src, ip4_t dst, uint8_t proto);
int net__ip_output(struct uk_netbuf *nb, ip4_t src, ip4_t dst, uint8_t proto);
void net__ip_input(struct uk_netbuf *nb);
void net__icmp_input(struct uk_netbuf *nb, const struct net__ctx *c);
void net__udp_input(struct uk_netbuf *nb, const struct net__ctx *c);
void net__tcp_input(struct uk_netbuf *nb, const struct net__ctx *c);
void net__icmp_unreachable(ip4_t to, const void *orig, size_t n);
nsec_t net__tcp_timer(nsec_t now);
void net__kick(void);
uint16_t net__port_alloc(int (*used)(uint16_t port));

/* --- UDP */
struct net__udp {
	struct uk_list_head link, queue;
	uint16_t port, peer_port;
	ip4_t peer;
	unsigned int queued;
	struct uk_waitq wait;
};
int net__udp_bind(struct net__udp *u, uint16_t port);
int net__udp_send(struct net__udp *u, const void *data, size_t n, ip4_t ip, uint16_t port);
struct uk_netbuf *net__udp_recv(struct net__udp *u, nsec_t deadline);
void net__udp_close(struct net__udp *u);

/* --- TCP */
enum net__tcp_state {
	TCP_CLOSED, TCP_LISTEN, TCP_SYN_SENT, TCP_SYN_RCVD, TCP_ESTABLISHED, TCP_FIN_WAIT1,
	TCP_FIN_WAIT2, TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK, TCP_TIME_WAIT,
};
#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_PSH 8
#define TCP_ACK 16
#define TCP_MSS 1200
#define TCP_BUF 8192

struct net__tcp {
	struct uk_list_head link;	/* all connections */
	struct uk_list_head accept;	/* listener: ready children; child: place there */
	struct net__tcp *listener;
	enum net__tcp_state state;
	ip4_t local, remote;
	uint16_t lport, rport;
	uint32_t snd_una, snd_nxt, snd_wnd, rcv_nxt, fin_seq;
	int fin_queued, error, backlog, retries, orphan;
	nsec_t rto, retrans_at;
	struct uk_waitq wait;
	size_t tx_head, tx_len, rx_head, rx_len;
	uint8_t tx[TCP_BUF], rx[TCP_BUF];
};
struct net__tcp *net__tcp_new(void);
int net__tcp_listen(struct net__tcp *t, int backlog);
int net__tcp_connect(struct net__tcp *t, ip4_t ip, uint16_t port, nsec_t timeout);
struct net__tcp *net__tcp_accept(struct net__tcp *t, nsec_t deadline);
ssize_t net__tcp_send(struct net__tcp *t, const void *data, size_t n);
ssize_t net__tcp_recv(struct net__tcp *t, void *buf, size_t n, nsec_t deadline);
void net__tcp_shutdown(struct net__tcp *t);
void net__tcp_close(struct net__tcp *t);
int net__tcp_port_used(uint16_t port);
void net__tcp_output(struct net__tcp *t);
int net__tcp_resend_syn(struct net__tcp *t);
void net__tcp_drop(struct net__tcp *t, int error);
extern struct uk_list_head net__tcps;
const char *net__tcp_state_name(enum net__tcp_state s);
