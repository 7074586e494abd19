/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <sha2.h>
#include <string.h>

/* Each thread has its own stream; the initial key is data of the TLS image. */
static __thread struct {
	uint8_t key[32];
	uint64_t used;
	uint64_t counter;
} state = { { 's', 'a', 'm', 'p', 'l', 'e' }, 64, 0 };
static __thread uint8_t block[64] __attribute__((aligned(8)));

void drbg_seed(const void *seed, size_t n)
{
	sha256(seed, n, state.key);
	state.used = 64;
	state.counter = 0;
}

void drbg_bytes(void *out, size_t n)
{
	static const uint8_t nonce[12];
	uint8_t *p = out;

	while (n--) {
		if (state.used == 64) {
			chacha20_block(state.key, (uint32_t)state.counter++, nonce, block);
			state.used = 0;
		}
		*p++ = block[state.used++];
	}
}
