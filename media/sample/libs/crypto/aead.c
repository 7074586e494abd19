/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <string.h>
#include <uk/bitops.h>

static void pad(struct poly1305 *p, size_t n)
{
	static const uint8_t zeros[16];

	if (n & 15)
		poly1305_update(p, zeros, 16 - (n & 15));
}

static void authenticate(const uint8_t key[32], const uint8_t nonce[12], const void *aad, size_t an,
			 const void *text, size_t n, uint8_t tag[16])
{
	struct poly1305 p;
	uint8_t otk[64], lens[16];

	chacha20_block(key, 0, nonce, otk);
	poly1305_init(&p, otk);
	poly1305_update(&p, aad, an);
	pad(&p, an);
	poly1305_update(&p, text, n);
	pad(&p, n);
	uk_put_le64(lens, an);
	uk_put_le64(lens + 8, n);
	poly1305_update(&p, lens, 16);
	poly1305_final(&p, tag);
}

void aead_seal(const uint8_t key[32], const uint8_t nonce[12], const void *aad, size_t an,
	       const void *in, size_t n, void *out, uint8_t tag[16])
{
	chacha20(key, 1, nonce, in, out, n);
	authenticate(key, nonce, aad, an, out, n, tag);
}

int aead_open(const uint8_t key[32], const uint8_t nonce[12], const void *aad, size_t an, const void *in,
	      size_t n, const uint8_t tag[16], void *out)
{
	uint8_t mine[16], diff = 0;
	int i;

	authenticate(key, nonce, aad, an, in, n, mine);
	for (i = 0; i < 16; i++)
		diff |= mine[i] ^ tag[i];
	if (diff)
		return -1;
	chacha20(key, 1, nonce, in, out, n);
	return 0;
}
