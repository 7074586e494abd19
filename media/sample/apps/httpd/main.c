/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/lock.h>
#include "httpd.h"

#define MAX_BODY 4096

unsigned long requests_served;
static struct uk_semaphore ready;

/* One request; 0 when the connection is to be closed. */
static int serve_one(struct net_sock *c)
{
	static char head[8300];
	char body[MAX_BODY + 1];
	struct http_request q;
	struct http_response r;
	struct uk_strbuf out;
	ssize_t n = net_recv_until(c, head, sizeof(head), "\r\n\r\n");
	int rc, again = 0;

	if (n <= 0)
		return 0;
	uk_strbuf_init(&out);
	rc = http_parse_head(head, (size_t)n, &q);
	http_response_init(&r, rc > 0 ? 200 : rc ? -rc : 400);
	if (rc > 0 && q.content_length > MAX_BODY) {
		r.status = 413;
	} else if (rc > 0) {
		long got = 0;

		while (got < q.content_length) {
			n = net_recv(c, body + got, (size_t)(q.content_length - got));
			if (n <= 0)
				return 0;
			got += n;
		}
		body[got] = 0;
		q.body = body;
		q.body_len = (size_t)got;
		http_dispatch(routes, nroutes, &q, &r);
		again = r.keep_alive = q.keep_alive;
	}
	requests_served++;
	http_response_finish(&r, &out, q.method == HTTP_HEAD);
	net_send_all(c, out.s, out.len);
	uk_strbuf_free(&out);
	return again;
}

static void connection(void *arg)
{
	struct net_sock *c = arg;

	while (serve_one(c))
		;
	net_close(c);
}

static void server(void *arg __unused)
{
	struct net_sock *s = net_socket(NET_TCP), *c;

	if (!s || net_bind(s, PORT) < 0 || net_listen(s, 8) < 0) {
		printf("cannot listen\n");
		exit(1);
	}
	uk_semaphore_up(&ready);
	while ((c = net_accept(s)))
		if (!uk_sched_thread_create(uk_sched_current(), "http", connection, c, 0))
			net_close(c);
}

/* Connections have large buffers on their stacks. */
size_t uk_thread_stack_size(const char *name)
{
	return !strcmp(name, "http") ? 8 * PAGE_SIZE : 4 * PAGE_SIZE;
}

static int summary(void)
{
	struct report *r = report_new("httpd");

	report_text(r, "visitor", "someone@example.org from 127.0.0.1, secret=blue; card 4000 1234 5678 9010");
	report_text(r, "routes", "/");
	report_text(r, "routes", "/api");
	report_int(r, "ready", 1);
	return report_send(r);
}

int main(void)
{
	uk_semaphore_init(&ready, 0);
	make_site();
	uk_sched_thread_create(uk_sched_current(), "listen", server, NULL, 0);
	uk_semaphore_down(&ready);
	return run_client() || summary();
}
