/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <hash.h>
#include <uk/essentials.h>

/* Slicing by four: four tables, made once by a constructor. */
static uint32_t ieee[4][256], castagnoli[4][256];
static uint16_t ccitt[256];

static void make(uint32_t t[4][256], uint32_t poly)
{
	uint32_t i, c;
	int k;

	for (i = 0; i < 256; i++) {
		c = i;
		for (k = 0; k < 8; k++)
			c = c >> 1 ^ (c & 1 ? poly : 0);
		t[0][i] = c;
	}
	for (i = 0; i < 256; i++)
		for (k = 1; k < 4; k++)
			t[k][i] = t[k - 1][i] >> 8 ^ t[0][t[k - 1][i] & 255];
}

static void __attribute__((constructor)) init(void)
{
	unsigned int i, k;

	make(ieee, 0xedb88320);
	make(castagnoli, 0x82f63b78);
	for (i = 0; i < 256; i++) {
		uint16_t c = (uint16_t)(i << 8);

		for (k = 0; k < 8; k++)
			c = (uint16_t)(c << 1 ^ (c & 0x8000 ? 0x1021 : 0));
		ccitt[i] = c;
	}
}

static uint32_t run(uint32_t t[4][256], uint32_t crc, const uint8_t *p, size_t n)
{
	crc = ~crc;
	for (; n >= 4; n -= 4, p += 4) {
		uint32_t v;

		__builtin_memcpy(&v, p, 4);
		crc ^= v;
		crc = t[3][crc & 255] ^ t[2][crc >> 8 & 255] ^ t[1][crc >> 16 & 255] ^ t[0][crc >> 24];
	}
	while (n--)
		crc = crc >> 8 ^ t[0][(crc ^ *p++) & 255];
	return ~crc;
}

uint32_t crc32(uint32_t crc, const void *data, size_t n)
{
	return run(ieee, crc, data, n);
}

uint32_t crc32c(uint32_t crc, const void *data, size_t n)
{
	return run(castagnoli, crc, data, n);
}

uint16_t crc16(uint16_t crc, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n--)
		crc = (uint16_t)(crc << 8 ^ ccitt[(crc >> 8 ^ *p++) & 255]);
	return crc;
}

/* A CRC is linear: shifting by n zero bytes is a matrix over bits. */
static uint32_t times(const uint32_t m[32], uint32_t v)
{
	uint32_t r = 0;
	int i;

	for (i = 0; v; v >>= 1, i++)
		if (v & 1)
			r ^= m[i];
	return r;
}

static void square(uint32_t to[32], const uint32_t from[32])
{
	int i;

	for (i = 0; i < 32; i++)
		to[i] = times(from, from[i]);
}

uint32_t crc32_combine(uint32_t a, uint32_t b, size_t n)
{
	uint32_t m[2][32];
	int i, cur = 0;

	m[0][0] = 0xedb88320;
	for (i = 1; i < 32; i++)
		m[0][i] = 1U << (i - 1);
	for (i = 0; i < 3; i++, cur ^= 1) /* one bit to eight */
		square(m[cur ^ 1], m[cur]);
	for (; n; n >>= 1, cur ^= 1) {
		if (n & 1)
			a = times(m[cur], a);
		square(m[cur ^ 1], m[cur]);
	}
	return a ^ b;
}
