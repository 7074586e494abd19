/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <string.h>
#include <uk/bitops.h>

struct ghash {
	uint64_t h[2], y[2];
};

/* Bit by bit, without tables: slow, but the same time for every key. */
static void mul(struct ghash *g)
{
	uint64_t z0 = 0, z1 = 0, v0 = g->h[0], v1 = g->h[1];
	int i;

	for (i = 0; i < 128; i++) {
		uint64_t bit = i < 64 ? g->y[0] >> (63 - i) & 1 : g->y[1] >> (127 - i) & 1;
		uint64_t low = v1 & 1;

		z0 ^= v0 & -bit;
		z1 ^= v1 & -bit;
		v1 = v1 >> 1 | v0 << 63;
		v0 = v0 >> 1 ^ (0xe100000000000000UL & -low);
	}
	g->y[0] = z0;
	g->y[1] = z1;
}

static void update(struct ghash *g, const uint8_t *p, size_t n)
{
	uint8_t block[16];

	for (; n; p += 16) {
		size_t k = n < 16 ? n : 16;

		memset(block, 0, 16);
		memcpy(block, p, k);
		g->y[0] ^= uk_be64(block);
		g->y[1] ^= uk_be64(block + 8);
		mul(g);
		n -= k;
	}
}

static void tag_of(const struct aes *a, const uint8_t iv[12], const void *aad, size_t an,
		   const void *text, size_t n, uint8_t tag[16])
{
	uint8_t zero[16] = { 0 }, j0[16] = { 0 }, e[16];
	struct ghash g = { { 0 }, { 0 } };
	int i;

	aes_encrypt(a, zero, e);
	g.h[0] = uk_be64(e);
	g.h[1] = uk_be64(e + 8);
	update(&g, aad, an);
	update(&g, text, n);
	g.y[0] ^= an * 8;
	g.y[1] ^= n * 8;
	mul(&g);
	memcpy(j0, iv, 12);
	j0[15] = 1;
	aes_encrypt(a, j0, e);
	uk_put_be64(tag, g.y[0]);
	uk_put_be64(tag + 8, g.y[1]);
	for (i = 0; i < 16; i++)
		tag[i] ^= e[i];
}

static void crypt(const struct aes *a, const uint8_t iv[12], const void *in, void *out, size_t n)
{
	uint8_t ctr[16] = { 0 };

	memcpy(ctr, iv, 12);
	ctr[15] = 2;
	aes_ctr(a, ctr, in, out, n);
}

void aes_gcm_seal(const struct aes *a, const uint8_t iv[12], const void *aad, size_t an, const void *in,
		  size_t n, void *out, uint8_t tag[16])
{
	crypt(a, iv, in, out, n);
	tag_of(a, iv, aad, an, out, n, tag);
}

int aes_gcm_open(const struct aes *a, const uint8_t iv[12], const void *aad, size_t an, const void *in,
		 size_t n, const uint8_t tag[16], void *out)
{
	uint8_t mine[16], diff = 0;
	int i;

	tag_of(a, iv, aad, an, in, n, mine);
	for (i = 0; i < 16; i++)
		diff |= mine[i] ^ tag[i];
	if (diff)
		return -1;
	crypt(a, iv, in, out, n);
	return 0;
}
