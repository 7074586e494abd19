/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <uk/sched.h>

/* Addresses are in host order. */
typedef uint32_t ip4_t;
#define NET_LOOPBACK 0x7f000001U

int net_addr_parse(const char *s, ip4_t *ip);
const char *net_addr_format(ip4_t ip, char out[16]);

#define NET_TCP 6
#define NET_UDP 17
struct net_sock;
struct net_sock *net_socket(int proto);
int net_bind(struct net_sock *s, uint16_t port);
int net_listen(struct net_sock *s, int backlog);
struct net_sock *net_accept(struct net_sock *s);
int net_connect(struct net_sock *s, ip4_t ip, uint16_t port);
ssize_t net_send(struct net_sock *s, const void *data, size_t n);
ssize_t net_recv(struct net_sock *s, void *buf, size_t n);
ssize_t net_sendto(struct net_sock *s, const void *data, size_t n, ip4_t ip, uint16_t port);
ssize_t net_recvfrom(struct net_sock *s, void *buf, size_t n, ip4_t *ip, uint16_t *port);
int net_shutdown(struct net_sock *s);
void net_close(struct net_sock *s);
int net_set_timeout(struct net_sock *s, nsec_t timeout);
ssize_t net_send_all(struct net_sock *s, const void *data, size_t n);
/* Up to and with the delimiter; -1 when the buffer is full before it. */
ssize_t net_recv_until(struct net_sock *s, char *buf, size_t cap, const char *delim);
int net_ping(ip4_t ip, uint16_t seq, size_t payload);

struct net_stats {
	unsigned long ip_in, ip_out, ip_bad, tcp_in, tcp_out, tcp_retrans, udp_in, udp_out, icmp_in, resets;
};
const struct net_stats *net_stats(void);
const char *net_sock_state(const struct net_sock *s);
