/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <string.h>
#include <uk/bitops.h>

static void quarter(uint32_t *x, int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = uk_rol32(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = uk_rol32(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = uk_rol32(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = uk_rol32(x[b] ^ x[c], 7);
}

void chacha20_block(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12], uint8_t out[64])
{
	uint32_t s[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }, x[16];
	int i;

	for (i = 0; i < 8; i++)
		s[4 + i] = uk_le32(key + 4 * i);
	s[12] = counter;
	for (i = 0; i < 3; i++)
		s[13 + i] = uk_le32(nonce + 4 * i);
	memcpy(x, s, sizeof(x));
	for (i = 0; i < 10; i++) {
		int k;

		for (k = 0; k < 4; k++)
			quarter(x, k, 4 + k, 8 + k, 12 + k);
		for (k = 0; k < 4; k++)
			quarter(x, k, 4 + ((k + 1) & 3), 8 + ((k + 2) & 3), 12 + ((k + 3) & 3));
	}
	for (i = 0; i < 16; i++)
		uk_put_le32(out + 4 * i, x[i] + s[i]);
}

void chacha20(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12], const void *in,
	      void *out, size_t n)
{
	const uint8_t *p = in;
	uint8_t *q = out, block[64];

	while (n) {
		size_t k = n < 64 ? n : 64, i;

		chacha20_block(key, counter++, nonce, block);
		for (i = 0; i < k; i++)
			q[i] = p[i] ^ block[i];
		p += k;
		q += k;
		n -= k;
	}
}
