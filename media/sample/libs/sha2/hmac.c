/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <sha2.h>
#include <string.h>

void hmac_sha256_init(struct hmac_sha256 *m, const void *key, size_t n)
{
	uint8_t k[64] = { 0 };
	int i;

	if (n > sizeof(k))
		sha256(key, n, k);
	else
		memcpy(k, key, n);
	for (i = 0; i < 64; i++)
		k[i] ^= 0x36;
	sha256_init(&m->inner);
	sha256_update(&m->inner, k, sizeof(k));
	for (i = 0; i < 64; i++)
		k[i] ^= 0x36 ^ 0x5c;
	sha256_init(&m->outer);
	sha256_update(&m->outer, k, sizeof(k));
}

void hmac_sha256_update(struct hmac_sha256 *m, const void *data, size_t n)
{
	sha256_update(&m->inner, data, n);
}

void hmac_sha256_final(struct hmac_sha256 *m, uint8_t out[SHA256_LEN])
{
	uint8_t h[SHA256_LEN];

	sha256_final(&m->inner, h);
	sha256_update(&m->outer, h, sizeof(h));
	sha256_final(&m->outer, out);
}

void hmac_sha256(const void *key, size_t kn, const void *data, size_t n, uint8_t out[SHA256_LEN])
{
	struct hmac_sha256 m;

	hmac_sha256_init(&m, key, kn);
	hmac_sha256_update(&m, data, n);
	hmac_sha256_final(&m, out);
}

/* In constant time: how far two codes agree must not show. */
int hmac_verify(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint8_t diff = 0;

	while (n--)
		diff |= *a++ ^ *b++;
	return diff == 0;
}
