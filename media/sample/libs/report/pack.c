/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>
#include <errno.h>
#include <hash.h>
#include <lz.h>
#include <stdlib.h>
#include <string.h>
#include "report_priv.h"

/* crc of the text, its length, length of what LZ made, all of it by Huffman */
#define HEADER 24

long report__pack(const char *text, size_t n, uint8_t **out)
{
	size_t room = 2 * n + 1024, at = 4;
	uint8_t *lz = malloc(room), *packed = malloc(HEADER + room);
	long len, total = -ENOMEM;
	uint32_t crc = crc32(0, text, n);

	*out = packed;
	if (lz && packed) {
		len = lz_compress((const uint8_t *)text, n, lz, room);
		memcpy(packed, &crc, 4);
		at += varint_put(packed + at, n);
		at += varint_put(packed + at, (uint64_t)len);
		total = len < 0 ? len : huff_encode(lz, (size_t)len, packed + at, room);
		if (total >= 0)
			total += (long)at;
	}
	free(lz);
	return total;
}

long report__unpack(const uint8_t *packed, size_t n, char **out)
{
	uint64_t len = 0, lzlen = 0;
	uint32_t crc;
	uint8_t *lz;
	size_t at = 4;
	long got = -EINVAL;

	*out = NULL;
	memcpy(&crc, packed, 4);
	at += varint_get(packed + at, n - at, &len);
	at += varint_get(packed + at, n - at, &lzlen);
	lz = malloc(lzlen + 1);
	*out = malloc(len + 1);
	if (lz && *out && huff_decode(packed + at, n - at, lz, lzlen) == (long)lzlen)
		got = lz_decompress(lz, lzlen, (uint8_t *)*out, len);
	free(lz);
	if (got != (long)len || crc32(0, *out, len) != crc)
		return -EINVAL;
	(*out)[len] = 0;
	return got;
}
