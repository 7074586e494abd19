/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <hash.h>
#include <uk/bitops.h>

static void mix_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = uk_rol64(v[1], 13) ^ v[0];
	v[3] = uk_rol64(v[3], 16) ^ v[2];
	v[0] = uk_rol64(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = uk_rol64(v[1], 17) ^ v[2];
	v[3] = uk_rol64(v[3], 21) ^ v[0];
	v[2] = uk_rol64(v[2], 32);
}

uint64_t siphash(const uint8_t key[16], const void *data, size_t n)
{
	uint64_t k0 = uk_le64(key), k1 = uk_le64(key + 8), m;
	uint64_t v[4] = { k0 ^ 0x736f6d6570736575UL, k1 ^ 0x646f72616e646f6dUL,
			  k0 ^ 0x6c7967656e657261UL, k1 ^ 0x7465646279746573UL };
	const uint8_t *p = data;
	size_t i;

	for (i = n / 8; i; i--, p += 8) {
		m = uk_le64(p);
		v[3] ^= m;
		mix_round(v);
		mix_round(v);
		v[0] ^= m;
	}
	m = (uint64_t)n << 56;
	for (i = 0; i < (n & 7); i++)
		m |= (uint64_t)p[i] << (8 * i);
	v[3] ^= m;
	mix_round(v);
	mix_round(v);
	v[0] ^= m;
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		mix_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
