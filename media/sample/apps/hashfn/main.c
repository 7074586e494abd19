/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>
#include <errno.h>
#include <hash.h>
#include <report.h>
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/bitops.h>
#include <uk/net.h>
#include <uk/sched.h>
#include "vectors.h"

#define PORT 4000

void to_hex(const uint8_t *h, size_t n, char out[136])
{
	hex_encode(h, n, out, 136);
}

/* The function itself: the name of a hash and a text, and its hex. */
static int invoke(const char *kind, const void *p, size_t n, char out[136])
{
	static const uint8_t key[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	uint8_t h[64];
	struct sha512 s;
	size_t len = 4;

	if (!strcmp(kind, "sha256")) {
		sha256(p, n, h);
		len = 32;
	} else if (!strcmp(kind, "sha512") || !strcmp(kind, "sha384")) {
		if (kind[3] == '5')
			sha512_init(&s);
		else
			sha384_init(&s);
		sha512_update(&s, p, n);
		sha512_final(&s, h);
		len = s.out;
	} else if (!strcmp(kind, "hmac")) {
		hmac_sha256("Jefe", 4, p, n, h);
		len = 32;
	} else if (!strcmp(kind, "crc32")) {
		uk_put_be32(h, crc32(0, p, n));
	} else if (!strcmp(kind, "crc32c")) {
		uk_put_be32(h, crc32c(0, p, n));
	} else if (!strcmp(kind, "crc16")) {
		uk_put_be16(h, crc16(0xffff, p, n));
		len = 2;
	} else if (!strcmp(kind, "adler32")) {
		uk_put_be32(h, adler32(1, p, n));
	} else if (!strcmp(kind, "murmur3")) {
		uk_put_be32(h, murmur3(p, n, 0));
	} else if (!strcmp(kind, "fnv1a")) {
		uk_put_be64(h, fnv1a(p, n));
		len = 8;
	} else if (!strcmp(kind, "xxh64")) {
		uk_put_be64(h, xxh64(p, n, 0));
		len = 8;
	} else if (!strcmp(kind, "siphash")) {
		uk_put_be64(h, siphash(key, p, n));
		len = 8;
	} else {
		return -EINVAL;
	}
	to_hex(h, len, out);
	return 0;
}

/* The same as a service: a datagram "kind text", answered with the hex. */
static void service(void *arg)
{
	struct net_sock *s = arg;
	char buf[600], out[136], *text;
	uint16_t port;
	ip4_t ip;
	ssize_t n;

	while ((n = net_recvfrom(s, buf, sizeof(buf) - 1, &ip, &port)) > 0) {
		buf[n] = 0;
		text = strchr(buf, ' ');
		if (!text || (*text++ = 0, invoke(buf, text, (size_t)(buf + n - text), out)) < 0)
			strlcpy(out, "?", sizeof(out));
		net_sendto(s, out, strlen(out), ip, port);
	}
}

static void ask(const char *request)
{
	struct net_sock *s = net_socket(NET_UDP);
	char answer[136];
	ssize_t n;

	net_connect(s, NET_LOOPBACK, PORT);
	net_set_timeout(s, 1000000000UL);
	net_send(s, request, strlen(request));
	n = net_recv(s, answer, sizeof(answer) - 1);
	answer[n > 0 ? n : 0] = 0;
	printf("udp %s -> %.32s\n", request, n > 0 ? answer : "nothing");
	net_close(s);
}

static void derive(void)
{
	uint8_t out[42], raw[64];
	char hex[136], text[96];
	long n;

	hkdf_sha256("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", 22,
		    "\0\1\2\3\4\5\6\7\10\11\12\13\14", 13, "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9", 10, out, 42);
	to_hex(out, 42, hex);
	printf("hkdf %s\n", hex);
	pbkdf2_sha256("password", 8, "salt", 4, 4096, out, 32);
	to_hex(out, 32, hex);
	printf("pbkdf2 %s\n", hex);
	base64_encode(out, 32, text, sizeof(text), 0);
	n = base64_decode(text, strlen(text), raw, sizeof(raw));
	printf("base64 %s, back %d\n", text, n == 32 && !memcmp(raw, out, 32));
	base32_encode(out, 20, text, sizeof(text));
	n = base32_decode(text, strlen(text), raw, sizeof(raw));
	printf("base32 %s, back %d\n", text, n == 20 && !memcmp(raw, out, 20));
	printf("crc of halves combined: %d\n",
	       crc32_combine(crc32(0, "12345", 5), crc32(0, "6789", 4), 4) == 0xcbf43926);
}

static int summary(int good)
{
	struct report *r = report_new("hashfn");
	char hex[136];
	size_t i;

	report_int(r, "vectors", (long)nvectors);
	report_int(r, "agree", good);
	for (i = 0; i < nvectors; i += 4) {
		report_text(r, "kinds", vectors[i].kind);
		invoke(vectors[i].kind, "summary", 7, hex);
		report_text(r, "digests", hex);
	}
	report_text(r, "caller", "token=0123456789abcdef;region=eu");
	return report_send(r);
}

int main(void)
{
	struct net_sock *s = net_socket(NET_UDP);
	char hex[136], *big;
	size_t i, k;
	int good = 0;

	for (i = 0; i < nvectors; i++) {
		const struct vector *v = &vectors[i];
		size_t n = strlen(v->input);

		big = malloc(n * v->repeat + 1);
		for (k = 0; k < v->repeat; k++)
			memcpy(big + k * n, v->input, n);
		invoke(v->kind, big, n * v->repeat, hex);
		free(big);
		good += !strcmp(hex, v->want);
		printf("%-8s %-10.10s %s %.32s\n", v->kind, v->input, strcmp(hex, v->want) ? "WRONG" : "ok", hex);
	}
	printf("%d of %zu vectors agree\n", good, nvectors);
	derive();
	hash_tree();

	if (!s || net_bind(s, PORT) < 0)
		return 1;
	uk_sched_thread_create(uk_sched_current(), "hashd", service, s, 0);
	ask("sha256 over the wire");
	ask("xxh64 over the wire");
	ask("rot13 what");
	return summary(good) || good != (int)nvectors;
}
