/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/netdev.h>
#include "httpd.h"

static const char *const requests[] = {
	"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"HEAD /files/style.css HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /files/style.css HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"f4d88757\"\r\n\r\n",
	"PUT /files/new.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nhello, file\n",
	"GET /files/new.txt HTTP/1.1\r\nHost: a\r\n\r\n",
	"DELETE /files/new.txt HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /files/new.txt HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /api/list HTTP/1.1\r\nHost: a\r\n\r\n",
	"POST /api/sum HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
	"[1, 20, 300, -5]",
	"POST /api/sum HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n"
	"[1,,2]",
	"GET /api/greet/J%C3%BCrgen%20%3C3?lang=de HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /api/time?t=1700000000 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /api/private HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /api/private HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n",
	"POST /api/list HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
	"GET /files/../../etc HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
};

/* The answer's head and body; prints the status and the body's first line. */
static int answer(struct net_sock *s, int is_head)
{
	static char head[4096];
	char body[2048];
	int status;
	long length, got = 0;
	ssize_t n = net_recv_until(s, head, sizeof(head), "\r\n\r\n");

	if (n <= 0 || http_parse_response(head, (size_t)n, &status, &length) <= 0)
		return -1;
	while (!is_head && got < length && got < (long)sizeof(body) - 1) {
		n = net_recv(s, body + got, (size_t)(length - got));
		if (n <= 0)
			return -1;
		got += n;
	}
	body[got] = 0;
	printf("  %d length %ld%s%s", status, length, got ? ": " : "\n", got ? body : "");
	if (got && body[got - 1] != '\n')
		printf("\n");
	return status;
}

static struct net_sock *dial(void)
{
	struct net_sock *s = net_socket(NET_TCP);

	if (s && net_connect(s, NET_LOOPBACK, PORT) == 0)
		return s;
	printf("cannot connect\n");
	exit(1);
}

int run_client(void)
{
	struct net_sock *s = dial();
	unsigned int i;
	int ok = 0, ping;

	for (i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		printf("%.*s\n", (int)strcspn(requests[i], "\r"), requests[i]);
		net_send_all(s, requests[i], strlen(requests[i]));
		if (answer(s, !strncmp(requests[i], "HEAD", 4)) > 0)
			ok++;
	}
	net_close(s);

	/* the same once more over a line that loses packets */
	uk_netdev_loopback_drop(5);
	s = dial();
	printf("every fifth packet lost:\n");
	net_send_all(s, requests[0], strlen(requests[0]));
	if (answer(s, 0) == 200)
		ok++;
	uk_netdev_loopback_drop(0);
	net_close(s);

	/* not HTTP at all */
	s = dial();
	net_send_all(s, "\1\2\3\r\n\r\n", 7);
	if (answer(s, 0) == 400)
		ok++;
	net_close(s);
	ping = net_ping(NET_LOOPBACK, 7, 56);
	printf("ping %d, %d answers as they should be, %lu served, retransmitted: %s\n", ping, ok,
	       requests_served,
	       net_stats()->tcp_retrans ? "yes" : "no");
	return 0;
}
