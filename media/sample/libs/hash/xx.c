/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <hash.h>
#include <uk/bitops.h>

#define P1 0x9e3779b185ebca87UL
#define P2 0xc2b2ae3d27d4eb4fUL
#define P3 0x165667b19e3779f9UL
#define P4 0x85ebca77c2b2ae63UL
#define P5 0x27d4eb2f165667c5UL

static uint64_t mix_round(uint64_t acc, uint64_t v)
{
	return uk_rol64(acc + v * P2, 31) * P1;
}

uint64_t xxh64(const void *data, size_t n, uint64_t seed)
{
	const uint8_t *p = data, *end = p + n;
	uint64_t h;
	int i;

	if (n >= 32) {
		uint64_t v[4] = { seed + P1 + P2, seed + P2, seed, seed - P1 };

		for (; end - p >= 32; p += 32)
			for (i = 0; i < 4; i++)
				v[i] = mix_round(v[i], uk_le64(p + 8 * i));
		h = uk_rol64(v[0], 1) + uk_rol64(v[1], 7) + uk_rol64(v[2], 12) + uk_rol64(v[3], 18);
		for (i = 0; i < 4; i++)
			h = (h ^ mix_round(0, v[i])) * P1 + P4;
	} else {
		h = seed + P5;
	}
	h += n;
	for (; end - p >= 8; p += 8)
		h = uk_rol64(h ^ mix_round(0, uk_le64(p)), 27) * P1 + P4;
	if (end - p >= 4) {
		h = uk_rol64(h ^ uk_le32(p) * P1, 23) * P2 + P3;
		p += 4;
	}
	for (; p < end; p++)
		h = uk_rol64(h ^ *p * P5, 11) * P1;
	h = (h ^ h >> 33) * P2;
	h = (h ^ h >> 29) * P3;
	return h ^ h >> 32;
}
