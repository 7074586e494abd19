/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

uint32_t crc32(uint32_t crc, const void *data, size_t n);
uint32_t crc32c(uint32_t crc, const void *data, size_t n);
uint16_t crc16(uint16_t crc, const void *data, size_t n);
uint32_t crc32_combine(uint32_t a, uint32_t b, size_t len_b);
uint32_t adler32(uint32_t adler, const void *data, size_t n);
uint64_t fnv1a(const void *data, size_t n);
uint32_t murmur3(const void *data, size_t n, uint32_t seed);
uint64_t siphash(const uint8_t key[16], const void *data, size_t n);
uint64_t xxh64(const void *data, size_t n, uint64_t seed);

struct bloom {
	uint64_t *bits;
	size_t nbits;
	int hashes;
	unsigned long count;
};
int bloom_init(struct bloom *b, size_t expected, int bits_per_key);
void bloom_free(struct bloom *b);
void bloom_add(struct bloom *b, const void *key, size_t n);
int bloom_has(const struct bloom *b, const void *key, size_t n);
unsigned int bloom_fill_permille(const struct bloom *b);
