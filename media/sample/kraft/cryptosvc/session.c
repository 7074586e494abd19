/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <encode.h>
#include <errno.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/bitops.h>
#include <uk/coll.h>
#include <uk/lock.h>
#include <uk/net.h>
#include <vfs.h>
#include "cryptosvc.h"

#define PORT 4433

/* One direction of a connection: the nonce counts records. */
struct half {
	uint8_t key[32];
	uint64_t seq;
};
struct channel {
	struct net_sock *sock;
	struct half tx, rx;
};

static struct uk_semaphore ready;
static struct rsa identity;

static int send_record(struct channel *c, const void *data, size_t n)
{
	uint8_t record[600], nonce[12] = { 0 };

	if (n > 512)
		return -EMSGSIZE;
	uk_put_le64(nonce + 4, c->tx.seq++);
	uk_put_be16(record, (uint16_t)(n + 16));
	aead_seal(c->tx.key, nonce, record, 2, data, n, record + 2, record + 2 + n);
	return net_send_all(c->sock, record, n + 18) < 0 ? -EIO : 0;
}

static int recv_all(struct net_sock *s, void *buf, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t k = net_recv(s, (char *)buf + done, n - done);

		if (k <= 0)
			return -1;
		done += (size_t)k;
	}
	return 0;
}

static long recv_record(struct channel *c, char *out, size_t cap)
{
	uint8_t head[2], body[600], nonce[12] = { 0 };
	size_t n;

	if (recv_all(c->sock, head, 2))
		return -1;
	n = uk_be16(head);
	if (n < 16 || n > sizeof(body) || n - 16 >= cap || recv_all(c->sock, body, n))
		return -1;
	uk_put_le64(nonce + 4, c->rx.seq++);
	if (aead_open(c->rx.key, nonce, head, 2, body, n - 16, body + n - 16, out))
		return -EBADMSG;
	out[n - 16] = 0;
	return (long)n - 16;
}

/* Both keys come from the shared secret and the hash of what was said. */
static void schedule(struct channel *c, const uint8_t secret[32], const uint8_t hello[64], int server)
{
	uint8_t keys[64], salt[32];

	sha256(hello, 64, salt);
	hkdf_sha256(secret, 32, salt, 32, "sample channel", 14, keys, sizeof(keys));
	memcpy(c->tx.key, keys + (server ? 32 : 0), 32);
	memcpy(c->rx.key, keys + (server ? 0 : 32), 32);
	c->tx.seq = c->rx.seq = 0;
}

static int accept_channel(struct channel *c)
{
	uint8_t mine[32], hello[64], secret[32], digest[32], sig[64];

	drbg_bytes(mine, 32);
	if (recv_all(c->sock, hello, 32))
		return -1;
	x25519_public(hello + 32, mine);
	x25519(secret, mine, hello);
	sha256(hello, 64, digest);
	rsa_sign(&identity, digest, sig, sizeof(sig));
	net_send_all(c->sock, hello + 32, 32);
	net_send_all(c->sock, sig, sizeof(sig));
	schedule(c, secret, hello, 1);
	return 0;
}

static int open_channel(struct channel *c)
{
	uint8_t mine[32], hello[64], secret[32], digest[32], sig[64];

	drbg_bytes(mine, 32);
	x25519_public(hello, mine);
	net_send_all(c->sock, hello, 32);
	if (recv_all(c->sock, hello + 32, 32) || recv_all(c->sock, sig, sizeof(sig)))
		return -1;
	sha256(hello, 64, digest);
	if (!rsa_verify(&identity, digest, sig, sizeof(sig)))
		return -EPROTO;
	x25519(secret, mine, hello + 32);
	schedule(c, secret, hello, 0);
	return 0;
}

/* Commands: hash TEXT, put NAME TEXT, get NAME, sum NAME */
static void command(char *line, struct uk_strbuf *out)
{
	char *verb = strsep(&line, " "), *name = line ? strsep(&line, " ") : NULL, path[80], hex[65], *data;
	uint8_t digest[32];
	long n;

	if (!strcmp(verb, "hash") && name) {
		sha256(name, strlen(name), digest);
		hex_encode(digest, 32, hex, sizeof(hex));
		uk_strbuf_puts(out, hex);
		return;
	}
	if (!name || strchr(name, '/')) {
		uk_strbuf_puts(out, "what?");
		return;
	}
	snprintf(path, sizeof(path), "/vault/%s", name);
	if (!strcmp(verb, "put") && line) {
		vfs_mkdirs("/vault");
		uk_strbuf_printf(out, "%s", vfs_write_file(path, line, strlen(line)) ? "failed" : "stored");
	} else if (!strcmp(verb, "get") || !strcmp(verb, "sum")) {
		n = vfs_read_file(path, &data);
		if (n < 0) {
			uk_strbuf_puts(out, strerror((int)-n));
		} else if (*verb == 'g') {
			uk_strbuf_put(out, data, (size_t)n);
		} else {
			hmac_sha256("vault", 5, data, (size_t)n, digest);
			hex_encode(digest, 16, hex, sizeof(hex));
			uk_strbuf_puts(out, hex);
		}
		free(data);
	} else {
		uk_strbuf_puts(out, "what?");
	}
}

static void server(void *arg __unused)
{
	struct net_sock *s = net_socket(NET_TCP);
	struct channel c;
	struct uk_strbuf out;
	char line[520];
	long n;

	drbg_seed("server", 6);
	if (!s || net_bind(s, PORT) < 0 || net_listen(s, 2) < 0)
		exit(1);
	uk_semaphore_up(&ready);
	while ((c.sock = net_accept(s))) {
		if (!accept_channel(&c)) {
			while ((n = recv_record(&c, line, sizeof(line))) > 0) {
				uk_strbuf_init(&out);
				command(line, &out);
				send_record(&c, out.s, out.len);
				uk_strbuf_free(&out);
			}
			if (n == -EBADMSG)
				printf("server: a record was forged, connection closed\n");
		}
		net_close(c.sock);
	}
}

size_t uk_thread_stack_size(const char *name __unused)
{
	return 8 * PAGE_SIZE;
}

int run_session(void)
{
	static const char *const lines[] = { "hash abc", "put note attack at dawn", "get note", "sum note",
					     "get nothing", "put ../x y", "dance" };
	struct channel c = { .sock = net_socket(NET_TCP) };
	char answer[520], hex[130];
	unsigned int i;
	long n;

	drbg_seed("identity", 8);
	printf("identity of %d bits\n", rsa_generate(&identity, 512));
	bn_to_hex(&identity.n, hex, sizeof(hex));
	printf("modulus %.32s...\n", hex);
	uk_semaphore_init(&ready, 0);
	uk_sched_thread_create(uk_sched_current(), "server", server, NULL, 0);
	uk_semaphore_down(&ready);
	drbg_seed("client", 6);
	if (net_connect(c.sock, NET_LOOPBACK, PORT) || open_channel(&c)) {
		printf("no channel\n");
		return 1;
	}
	hex_encode(c.tx.key, 8, hex, sizeof(hex));
	printf("channel is open, key %s...\n", hex);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		send_record(&c, lines[i], strlen(lines[i]));
		n = recv_record(&c, answer, sizeof(answer));
		printf("  %-24s %s\n", lines[i], n < 0 ? "?" : answer);
	}
	c.tx.key[0] ^= 1;
	send_record(&c, "hash abc", 8);
	n = recv_record(&c, answer, sizeof(answer));
	printf("with a wrong key: %s\n", n < 0 ? "closed" : answer);
	net_close(c.sock);
	return 0;
}
