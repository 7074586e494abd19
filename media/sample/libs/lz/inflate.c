/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <hash.h>
#include <lz.h>
#include <string.h>
#include <uk/bitops.h>

struct in {
	const uint8_t *p, *end;
	uint32_t acc;
	int bits, bad;
};
struct table {
	uint16_t count[16], syms[288];
};

static uint32_t get(struct in *s, int n)
{
	uint32_t v;

	while (s->bits < n) {
		if (s->p == s->end) {
			s->bad = 1;
			return 0;
		}
		s->acc |= (uint32_t)*s->p++ << s->bits;
		s->bits += 8;
	}
	v = s->acc & ((1U << n) - 1);
	s->acc >>= n;
	s->bits -= n;
	return v;
}

static void build(struct table *t, const uint8_t *len, int n)
{
	uint16_t offs[16] = { 0 };
	int i;

	memset(t->count, 0, sizeof(t->count));
	for (i = 0; i < n; i++)
		t->count[len[i]]++;
	t->count[0] = 0;
	for (i = 1; i < 15; i++)
		offs[i + 1] = (uint16_t)(offs[i] + t->count[i]);
	for (i = 0; i < n; i++)
		if (len[i])
			t->syms[offs[len[i]]++] = (uint16_t)i;
}

static int symbol(struct in *s, const struct table *t)
{
	int code = 0, first = 0, index = 0, l;

	for (l = 1; l < 16; l++) {
		code |= (int)get(s, 1);
		if (s->bad)
			return -1;
		if (code - first < t->count[l])
			return t->syms[index + code - first];
		index += t->count[l];
		first = (first + t->count[l]) << 1;
		code <<= 1;
	}
	return -1;
}

static const uint16_t len_base[] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51,
				     59, 67, 83, 99, 115, 131, 163, 195, 227, 258 };
static const uint8_t len_extra[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4,
				     4, 5, 5, 5, 5, 0 };
static const uint16_t dist_base[] = { 1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385,
				      513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
				      24577 };

static long codes(struct in *s, const struct table *lit, const struct table *dist, uint8_t *out,
		  size_t at, size_t cap)
{
	for (;;) {
		int sym = symbol(s, lit), d;
		size_t len, back;

		if (sym < 0 || sym > 285)
			return -1;
		if (sym == 256)
			return (long)at;
		if (sym < 256) {
			if (at == cap)
				return -1;
			out[at++] = (uint8_t)sym;
			continue;
		}
		len = len_base[sym - 257] + get(s, len_extra[sym - 257]);
		d = symbol(s, dist);
		if (d < 0 || d > 29)
			return -1;
		back = dist_base[d] + get(s, d < 4 ? 0 : d / 2 - 1);
		if (s->bad || back > at || len > cap - at)
			return -1;
		for (; len--; at++)
			out[at] = out[at - back];
	}
}

static int dynamic(struct in *s, struct table *lit, struct table *dist)
{
	static const uint8_t order[] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
	uint8_t len[320] = { 0 };
	int nlit = (int)get(s, 5) + 257, ndist = (int)get(s, 5) + 1, nlen = (int)get(s, 4) + 4, i, n;

	for (i = 0; i < nlen; i++)
		len[order[i]] = (uint8_t)get(s, 3);
	build(lit, len, 19);
	memset(len, 0, sizeof(len));
	for (i = 0; i < nlit + ndist;) {
		int sym = symbol(s, lit), prev = 0;

		if (sym < 0)
			return -1;
		if (sym < 16) {
			len[i++] = (uint8_t)sym;
			continue;
		}
		switch (sym) {
		case 16:
			if (!i)
				return -1;
			prev = len[i - 1];
			n = 3 + (int)get(s, 2);
			break;
		case 17:
			n = 3 + (int)get(s, 3);
			break;
		default:
			n = 11 + (int)get(s, 7);
		}
		if (i + n > nlit + ndist)
			return -1;
		while (n--)
			len[i++] = (uint8_t)prev;
	}
	build(lit, len, nlit);
	build(dist, len + nlit, ndist);
	return s->bad ? -1 : 0;
}

static void fixed(struct table *lit, struct table *dist)
{
	uint8_t len[288];

	memset(len, 8, 144);
	memset(len + 144, 9, 112);
	memset(len + 256, 7, 24);
	memset(len + 280, 8, 8);
	build(lit, len, 288);
	memset(len, 5, 30);
	build(dist, len, 30);
}

long inflate(const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	struct in s = { in, in + n, 0, 0, 0 };
	struct table lit, dist;
	size_t at = 0, k;
	int last;

	do {
		long rc;

		last = (int)get(&s, 1);
		switch (get(&s, 2)) {
		case 0:
			s.bits = 0;
			s.acc = 0;
			if (s.end - s.p < 4)
				return -1;
			k = s.p[0] | (size_t)s.p[1] << 8;
			if ((k ^ 0xffff) != (s.p[2] | (size_t)s.p[3] << 8))
				return -1;
			s.p += 4;
			if (k > (size_t)(s.end - s.p) || k > cap - at)
				return -1;
			memcpy(out + at, s.p, k);
			s.p += k;
			at += k;
			continue;
		case 1:
			fixed(&lit, &dist);
			break;
		case 2:
			if (dynamic(&s, &lit, &dist))
				return -1;
			break;
		default:
			return -1;
		}
		rc = codes(&s, &lit, &dist, out, at, cap);
		if (rc < 0)
			return -1;
		at = (size_t)rc;
	} while (!last);
	return s.bad ? -1 : (long)at;
}

long gunzip(const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	size_t at = 10;
	long len;

	if (n < 18 || in[0] != 0x1f || in[1] != 0x8b || in[2] != 8)
		return -1;
	if (in[3] & 4)
		at += 2 + (in[at] | (size_t)in[at + 1] << 8);
	if (in[3] & 8)
		while (at < n && in[at++])
			;
	if (in[3] & 16)
		while (at < n && in[at++])
			;
	if (in[3] & 2)
		at += 2;
	if (at + 8 >= n)
		return -1;
	len = inflate(in + at, n - at - 8, out, cap);
	if (len < 0 || uk_le32(in + n - 4) != (uint32_t)len ||
	    uk_le32(in + n - 8) != crc32(0, out, (size_t)len))
		return -1;
	return len;
}
