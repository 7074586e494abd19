/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <string.h>
#include <uk/bitops.h>

/* Numbers modulo 2^130 - 5, in five limbs of 26 bits. */
#define MASK 0x3ffffff

void poly1305_init(struct poly1305 *p, const uint8_t key[32])
{
	int i;

	memset(p, 0, sizeof(*p));
	p->r[0] = uk_le32(key) & 0x3ffffff;
	p->r[1] = uk_le32(key + 3) >> 2 & 0x3ffff03;
	p->r[2] = uk_le32(key + 6) >> 4 & 0x3ffc0ff;
	p->r[3] = uk_le32(key + 9) >> 6 & 0x3f03fff;
	p->r[4] = uk_le32(key + 12) >> 8 & 0x00fffff;
	for (i = 0; i < 4; i++)
		p->pad[i] = uk_le32(key + 16 + 4 * i);
}

static void block(struct poly1305 *p, const uint8_t *m, uint32_t high)
{
	const uint32_t *r = p->r;
	uint32_t *h = p->h;
	uint64_t d[5], c = 0;
	int i, j;

	h[0] += uk_le32(m) & MASK;
	h[1] += uk_le32(m + 3) >> 2 & MASK;
	h[2] += uk_le32(m + 6) >> 4 & MASK;
	h[3] += uk_le32(m + 9) >> 6 & MASK;
	h[4] += uk_le32(m + 12) >> 8 | high;
	for (i = 0; i < 5; i++) {
		d[i] = 0;
		for (j = 0; j < 5; j++)
			d[i] += (uint64_t)h[j] * (j <= i ? r[i - j] : r[i + 5 - j] * 5);
	}
	for (i = 0; i < 5; i++) {
		d[i] += c;
		h[i] = (uint32_t)d[i] & MASK;
		c = d[i] >> 26;
	}
	h[0] += (uint32_t)c * 5;
	h[1] += h[0] >> 26;
	h[0] &= MASK;
}

void poly1305_update(struct poly1305 *p, const void *data, size_t n)
{
	const uint8_t *m = data;

	while (n) {
		size_t k = 16 - p->have < n ? 16 - p->have : n;

		memcpy(p->buf + p->have, m, k);
		p->have += k;
		m += k;
		n -= k;
		if (p->have == 16) {
			block(p, p->buf, 1U << 24);
			p->have = 0;
		}
	}
}

void poly1305_final(struct poly1305 *p, uint8_t tag[16])
{
	uint32_t *h = p->h, g[5], c, mask;
	uint64_t f;
	int i;

	if (p->have) {
		p->buf[p->have++] = 1;
		memset(p->buf + p->have, 0, 16 - p->have);
		block(p, p->buf, 0);
	}
	for (i = 1, c = 0; i < 5; i++) {
		h[i] += c;
		c = h[i] >> 26;
		h[i] &= MASK;
	}
	h[0] += c * 5;
	h[1] += h[0] >> 26;
	h[0] &= MASK;
	/* h - p, taken when it is not negative */
	for (i = 0, c = 5; i < 5; i++) {
		g[i] = h[i] + c;
		c = g[i] >> 26;
		g[i] &= MASK;
	}
	mask = (uint32_t)-(int32_t)c;
	for (i = 0; i < 5; i++)
		h[i] = (h[i] & ~mask) | (g[i] & mask);
	h[0] |= h[1] << 26;
	h[1] = h[1] >> 6 | h[2] << 20;
	h[2] = h[2] >> 12 | h[3] << 14;
	h[3] = h[3] >> 18 | h[4] << 8;
	for (i = 0, f = 0; i < 4; i++) {
		f += (uint64_t)h[i] + p->pad[i];
		uk_put_le32(tag + 4 * i, (uint32_t)f);
		f >>= 32;
	}
}
