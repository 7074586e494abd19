/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <hash.h>
#include <kv.h>
#include <lz.h>
#include <report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/lock.h>
#include <uk/net.h>
#include <vfs.h>

#define PORT 6379

extern const char *const script[];
static struct kv *store;
static struct uk_strbuf journal;
static struct uk_semaphore ready;

/* Bytes come as they like: a command may be split over many packets. */
static void session(void *arg)
{
	struct net_sock *c = arg;
	struct uk_strbuf in, out;
	struct kv_args a;
	char buf[256];
	ssize_t n;
	long k;

	uk_strbuf_init(&in);
	uk_strbuf_init(&out);
	while ((n = net_recv(c, buf, sizeof(buf))) > 0) {
		uk_strbuf_put(&in, buf, (size_t)n);
		while ((k = resp_parse(in.s, in.len, &a)) > 0) {
			kv_execute(store, &a, &out);
			uk_strbuf_cut(&in, 0, (size_t)k);
		}
		if (k < 0)
			resp_error(&out, "protocol");
		net_send_all(c, out.s, out.len);
		out.len = 0;
		if (k < 0)
			break;
	}
	uk_strbuf_free(&in);
	uk_strbuf_free(&out);
	net_close(c);
}

static void server(void *arg __unused)
{
	struct net_sock *s = net_socket(NET_TCP), *c;

	if (!s || net_bind(s, PORT) < 0 || net_listen(s, 4) < 0)
		exit(1);
	uk_semaphore_up(&ready);
	while ((c = net_accept(s)))
		uk_sched_thread_create(uk_sched_current(), "session", session, c, 0);
}

static struct net_sock *dial(void)
{
	struct net_sock *s = net_socket(NET_TCP);

	if (!s || net_connect(s, NET_LOOPBACK, PORT)) {
		printf("cannot connect\n");
		exit(1);
	}
	return s;
}

/* Reads until one whole answer is there, prints it. */
static void show(struct net_sock *s, const char *what)
{
	struct uk_strbuf in, line;
	char buf[512];
	ssize_t n;

	uk_strbuf_init(&in);
	uk_strbuf_init(&line);
	do {
		n = net_recv(s, buf, sizeof(buf));
		if (n <= 0)
			break;
		uk_strbuf_put(&in, buf, (size_t)n);
		line.len = 0;
	} while (resp_format(in.s, in.len, &line) <= 0);
	printf("%-46s %s\n", what, line.s ? line.s : "closed");
	uk_strbuf_free(&in);
	uk_strbuf_free(&line);
}

static void run_script(void)
{
	struct net_sock *s = dial();
	struct uk_strbuf b;
	int i;

	for (i = 0; script[i]; i++) {
		uk_strbuf_init(&b);
		resp_command(&b, script[i]);
		net_send_all(s, b.s, b.len);
		uk_strbuf_free(&b);
		show(s, script[i]);
	}
	net_send_all(s, "PING inline\r\n", 13);
	show(s, "(inline) PING inline");
	net_send_all(s, "*1\r\n!bad\r\n", 10);
	show(s, "(not the protocol)");
	net_close(s);
}

/* Many keys through several connections at once, byte sums at the end. */
static void writer(void *arg)
{
	struct net_sock *s = dial();
	long id = (long)arg;
	char line[64], answer[64];
	struct uk_strbuf b;
	int i;

	for (i = 0; i < 50; i++) {
		uk_strbuf_init(&b);
		snprintf(line, sizeof(line), "SET key:%ld:%d value-%ld", id, i, id * 1000 + i);
		resp_command(&b, line);
		net_send_all(s, b.s, b.len);
		net_recv_until(s, answer, sizeof(answer), "\r\n");
		uk_strbuf_free(&b);
	}
	net_close(s);
}

static void persist(void)
{
	size_t cap = journal.len + journal.len / 8 + 64;
	uint8_t *packed = malloc(cap), *plain = malloc(journal.len);
	long n = lz_compress((uint8_t *)journal.s, journal.len, packed, cap), m;
	struct kv *copy = kv_new();
	char *file;

	if (n < 0 || vfs_write_file("/journal.lz", packed, (size_t)n) < 0) {
		printf("cannot write the journal\n");
		return;
	}
	m = vfs_read_file("/journal.lz", &file);
	n = lz_decompress((uint8_t *)file, (size_t)m, plain, journal.len);
	printf("journal: %zu bytes, %ld packed, crc %08x, same %s\n", journal.len, m,
	       crc32(0, plain, (size_t)n), n == (long)journal.len && !memcmp(plain, journal.s, journal.len) ?
	       "yes" : "no");
	n = kv_replay(copy, (char *)plain, (size_t)n);
	printf("replayed %ld commands: %zu keys, the store has %zu\n", n, kv_count(copy), kv_count(store));
	n = kv_replay(copy, (char *)plain, journal.len - 3);
	printf("a torn journal: good up to command %ld\n", -n - 1);
	kv_free(copy);
	free(file);
	free(packed);
	free(plain);
}

static int summary(long hits, long wrong)
{
	struct report *r = report_new("kvstore");
	char shard[32];
	int i;

	report_int(r, "hits", hits);
	report_int(r, "wrong", wrong);
	for (i = 0; i < 6; i++) {
		snprintf(shard, sizeof(shard), "shard %d token=%d", i, i * 7919);
		report_text(r, "shards", shard);
	}
	return report_send(r);
}

int main(void)
{
	struct uk_thread *t[4];
	struct bloom b;
	char key[32];
	size_t gone;
	long i;
	int hits = 0, wrong = 0;

	store = kv_new();
	uk_strbuf_init(&journal);
	kv_set_log(store, &journal);
	kv_set_time(store, 1000);
	uk_semaphore_init(&ready, 0);
	uk_sched_thread_create(uk_sched_current(), "server", server, NULL, 0);
	uk_semaphore_down(&ready);
	printf("%d commands known\n", kv_command_count());
	run_script();

	for (i = 0; i < 4; i++)
		t[i] = uk_sched_thread_create(uk_sched_current(), "writer", writer, (void *)i, 0);
	for (i = 0; i < 4; i++)
		uk_sched_join(t[i]);
	printf("%zu keys after 4 writers\n", kv_count(store));
	persist();
	kv_set_time(store, 2000);
	gone = kv_expire_cycle(store);
	printf("expired: %zu, left %zu\n", gone, kv_count(store));

	bloom_init(&b, 200, 10);
	for (i = 0; i < 200; i++) {
		snprintf(key, sizeof(key), "key:%ld:%ld", i / 50, i % 50);
		bloom_add(&b, key, strlen(key));
	}
	for (i = 0; i < 400; i++) {
		snprintf(key, sizeof(key), "key:%ld:%ld", i / 50, i % 50);
		if (bloom_has(&b, key, strlen(key))) {
			hits++;
			wrong += i >= 200;
		}
	}
	printf("bloom filter: %d hits, %d of them wrong, %u per mille full\n", hits, wrong,
	       bloom_fill_permille(&b));
	bloom_free(&b);
	return summary(hits, wrong);
}
