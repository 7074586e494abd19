/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <sha2.h>
#include <string.h>

#define WORD __attribute__((aligned(8)))

/* Each thread has its own stream. The key of a thread that was never seeded is
 * data of the TLS image; no variable asks for more than a word's alignment, as
 * libcontext wants it. */
static __thread uint64_t first_key = 0x656c706d6173UL;
static __thread uint8_t key[32] WORD;
static __thread uint8_t block[64] WORD;
static __thread uint64_t left, counter;

void drbg_seed(const void *seed, size_t n)
{
	sha256(seed, n, key);
	first_key = left = counter = 0;
}

void drbg_bytes(void *out, size_t n)
{
	static const uint8_t nonce[12];
	uint8_t *p = out;

	if (first_key) {
		memcpy(key, &first_key, sizeof(first_key));
		first_key = 0;
	}
	while (n--) {
		if (!left) {
			chacha20_block(key, (uint32_t)counter++, nonce, block);
			left = sizeof(block);
		}
		*p++ = block[sizeof(block) - left--];
	}
}
