/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <lz.h>
#include <stdlib.h>
#include <string.h>
#include <uk/bitops.h>

#define HASH_BITS 12
#define MIN_MATCH 4
#define WINDOW 65535

/* A sequence: token (literals << 4 | match - 4), long lengths in 255s, the
 * literals, the distance in two bytes. The last one has literals only. */
struct out {
	uint8_t *p, *end;
	int full;
};

static void put(struct out *o, uint8_t b)
{
	if (o->p == o->end)
		o->full = 1;
	else
		*o->p++ = b;
}

static void put_len(struct out *o, size_t n)
{
	for (; n >= 255; n -= 255)
		put(o, 255);
	put(o, (uint8_t)n);
}

static void sequence(struct out *o, const uint8_t *lit, size_t nlit, size_t match, size_t dist)
{
	size_t m = match ? match - MIN_MATCH : 0;

	put(o, (uint8_t)((nlit < 15 ? nlit : 15) << 4 | (m < 15 ? m : 15)));
	if (nlit >= 15)
		put_len(o, nlit - 15);
	while (nlit--)
		put(o, *lit++);
	if (!match)
		return;
	put(o, (uint8_t)dist);
	put(o, (uint8_t)(dist >> 8));
	if (m >= 15)
		put_len(o, m - 15);
}

static uint32_t hash(const uint8_t *p)
{
	return uk_le32(p) * 2654435761U >> (32 - HASH_BITS);
}

static size_t match_len(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
	const uint8_t *start = b;

	while (b < end && *a == *b) {
		a++;
		b++;
	}
	return (size_t)(b - start);
}

long lz_compress(const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	struct out o = { out, out + cap, 0 };
	const uint8_t *p = in, *lit = in, *end = in + n;
	uint32_t *table = calloc(1U << HASH_BITS, sizeof(*table));

	if (!table)
		return -1;
	while (end - p > MIN_MATCH) {
		uint32_t h = hash(p);
		const uint8_t *cand = in + table[h];
		size_t len = 0;

		table[h] = (uint32_t)(p - in);
		if (cand < p && p - cand <= WINDOW && uk_le32(cand) == uk_le32(p))
			len = match_len(cand, p, end);
		if (len < MIN_MATCH) {
			p++;
			continue;
		}
		/* perhaps it is longer one byte on */
		if (end - p > MIN_MATCH + 1) {
			const uint8_t *next = in + table[hash(p + 1)];

			if (next < p && p + 1 - next <= WINDOW && match_len(next, p + 1, end) > len + 1) {
				p++;
				continue;
			}
		}
		sequence(&o, lit, (size_t)(p - lit), len, (size_t)(p - cand));
		p += len;
		lit = p;
	}
	sequence(&o, lit, (size_t)(end - lit), 0, 0);
	free(table);
	return o.full ? -1 : o.p - out;
}

static int get_len(const uint8_t **p, const uint8_t *end, size_t *n)
{
	uint8_t b;

	if (*n != 15)
		return 0;
	do {
		if (*p == end)
			return -1;
		b = *(*p)++;
		*n += b;
	} while (b == 255);
	return 0;
}

long lz_decompress(const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	const uint8_t *end = in + n;
	size_t len = 0;

	while (in < end) {
		uint8_t token = *in++;
		size_t lit = token >> 4, match = token & 15, dist;

		if (get_len(&in, end, &lit) || lit > (size_t)(end - in) || lit > cap - len)
			return -1;
		memcpy(out + len, in, lit);
		len += lit;
		in += lit;
		if (in == end)
			break;
		if (end - in < 2)
			return -1;
		dist = in[0] | (size_t)in[1] << 8;
		in += 2;
		if (get_len(&in, end, &match))
			return -1;
		match += MIN_MATCH;
		if (!dist || dist > len || match > cap - len)
			return -1;
		for (; match--; len++)
			out[len] = out[len - dist];
	}
	return (long)len;
}
