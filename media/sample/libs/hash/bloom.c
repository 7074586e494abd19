/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <hash.h>
#include <stdlib.h>

int bloom_init(struct bloom *b, size_t expected, int bits_per_key)
{
	b->nbits = (expected * (size_t)bits_per_key + 63) & ~63UL;
	b->hashes = bits_per_key * 69 / 100;
	if (b->hashes < 1)
		b->hashes = 1;
	b->count = 0;
	b->bits = calloc(b->nbits / 64, 8);
	return b->bits ? 0 : -ENOMEM;
}

void bloom_free(struct bloom *b)
{
	free(b->bits);
	b->bits = NULL;
}

/* k hashes from two: h1 + i * h2 */
void bloom_add(struct bloom *b, const void *key, size_t n)
{
	uint64_t h1 = fnv1a(key, n), h2 = murmur3(key, n, 0x5bd1e995) | 1;
	int i;

	for (i = 0; i < b->hashes; i++) {
		size_t bit = (h1 + (uint64_t)i * h2) % b->nbits;

		b->bits[bit / 64] |= 1UL << (bit & 63);
	}
	b->count++;
}

int bloom_has(const struct bloom *b, const void *key, size_t n)
{
	uint64_t h1 = fnv1a(key, n), h2 = murmur3(key, n, 0x5bd1e995) | 1;
	int i;

	for (i = 0; i < b->hashes; i++) {
		size_t bit = (h1 + (uint64_t)i * h2) % b->nbits;

		if (!(b->bits[bit / 64] >> (bit & 63) & 1))
			return 0;
	}
	return 1;
}

unsigned int bloom_fill_permille(const struct bloom *b)
{
	size_t i, n = 0;

	for (i = 0; i < b->nbits / 64; i++) {
		uint64_t v = b->bits[i];

		for (; v; v &= v - 1)
			n++;
	}
	return (unsigned int)(n * 1000 / b->nbits);
}
