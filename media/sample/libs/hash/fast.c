/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <hash.h>
#include <uk/bitops.h>

uint32_t adler32(uint32_t adler, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint32_t a = adler & 0xffff, b = adler >> 16;

	while (n) {
		/* the largest run that cannot overflow 32 bits */
		size_t k = n < 5552 ? n : 5552;

		n -= k;
		while (k--) {
			a += *p++;
			b += a;
		}
		a %= 65521;
		b %= 65521;
	}
	return b << 16 | a;
}

uint64_t fnv1a(const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t h = 0xcbf29ce484222325UL;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3UL;
	return h;
}

static uint32_t scramble(uint32_t k)
{
	return uk_rol32(k * 0xcc9e2d51U, 15) * 0x1b873593U;
}

uint32_t murmur3(const void *data, size_t n, uint32_t seed)
{
	const uint8_t *p = data;
	uint32_t h = seed, k = 0;
	size_t i;

	for (i = n / 4; i; i--, p += 4)
		h = uk_rol32(h ^ scramble(uk_le32(p)), 13) * 5 + 0xe6546b64U;
	for (i = n & 3; i; i--)
		k = k << 8 | p[i - 1];
	h ^= scramble(k);
	h ^= (uint32_t)n;
	h = (h ^ h >> 16) * 0x85ebca6bU;
	h = (h ^ h >> 13) * 0xc2b2ae35U;
	return h ^ h >> 16;
}
