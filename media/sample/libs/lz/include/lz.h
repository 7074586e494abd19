/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* A byte-oriented LZ77 of our own, RLE, a canonical Huffman coder, and inflate. */
long lz_compress(const uint8_t *in, size_t n, uint8_t *out, size_t cap);
long lz_decompress(const uint8_t *in, size_t n, uint8_t *out, size_t cap);
long rle_encode(const uint8_t *in, size_t n, uint8_t *out, size_t cap);
long rle_decode(const uint8_t *in, size_t n, uint8_t *out, size_t cap);
long huff_encode(const uint8_t *in, size_t n, uint8_t *out, size_t cap);
long huff_decode(const uint8_t *in, size_t n, uint8_t *out, size_t cap);
long inflate(const uint8_t *in, size_t n, uint8_t *out, size_t cap);
long gunzip(const uint8_t *in, size_t n, uint8_t *out, size_t cap);
