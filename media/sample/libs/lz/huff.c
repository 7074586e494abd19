/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <lz.h>
#include <stdlib.h>
#include <string.h>

#define SYMS 256
#define MAX_LEN 15

/* Lengths of a canonical code, limited to MAX_LEN by flattening the counts. */
static void lengths(const uint32_t freq[SYMS], uint8_t len[SYMS])
{
	struct node {
		uint32_t f;
		int16_t l, r;
	} nodes[2 * SYMS];
	int16_t heap[SYMS], parent[2 * SYMS];
	uint32_t shift = 0;
	int i, n, count, worst;

	do {
		count = n = 0;
		for (i = 0; i < SYMS; i++) {
			if (!freq[i])
				continue;
			nodes[n].f = (freq[i] >> shift) + 1;
			nodes[n].l = (int16_t)i;
			nodes[n].r = -1;
			heap[count++] = (int16_t)n++;
		}
		/* few symbols: look for the two smallest each time */
		while (count > 1) {
			int a = 0, b, k;

			for (k = 1; k < count; k++)
				if (nodes[heap[k]].f < nodes[heap[a]].f)
					a = k;
			nodes[n].l = heap[a];
			heap[a] = heap[--count];
			b = 0;
			for (k = 1; k < count; k++)
				if (nodes[heap[k]].f < nodes[heap[b]].f)
					b = k;
			nodes[n].r = heap[b];
			nodes[n].f = nodes[nodes[n].l].f + nodes[nodes[n].r].f;
			parent[nodes[n].l] = parent[nodes[n].r] = (int16_t)n;
			heap[b] = (int16_t)n++;
		}
		worst = 0;
		memset(len, 0, SYMS);
		for (i = 0; i < n && nodes[i].r < 0; i++) {
			int d = 0, k = i;

			while (k != n - 1) {
				k = parent[k];
				d++;
			}
			len[nodes[i].l] = (uint8_t)(d ? d : 1);
			worst = d > worst ? d : worst;
		}
		shift += 2;
	} while (worst > MAX_LEN);
}

static void codes(const uint8_t len[SYMS], uint16_t code[SYMS])
{
	uint16_t next[MAX_LEN + 2] = { 0 }, count[MAX_LEN + 1] = { 0 };
	int i;

	for (i = 0; i < SYMS; i++)
		count[len[i]]++;
	count[0] = 0;
	for (i = 1; i <= MAX_LEN; i++)
		next[i + 1] = (uint16_t)((next[i] + count[i]) << 1);
	for (i = 0; i < SYMS; i++)
		if (len[i])
			code[i] = next[len[i]]++;
}

/* 4 bytes of size, 128 bytes of code lengths, bits */
long huff_encode(const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	uint32_t freq[SYMS] = { 0 }, acc = 0;
	uint8_t len[SYMS];
	uint16_t code[SYMS];
	size_t i, at = 4 + SYMS / 2;
	int bits = 0;

	if (cap < at || n > 0xffffffffU)
		return -1;
	for (i = 0; i < n; i++)
		freq[in[i]]++;
	lengths(freq, len);
	codes(len, code);
	for (i = 0; i < 4; i++)
		out[i] = (uint8_t)(n >> (8 * i));
	for (i = 0; i < SYMS / 2; i++)
		out[4 + i] = (uint8_t)(len[2 * i] << 4 | len[2 * i + 1]);
	for (i = 0; i < n; i++) {
		acc = acc << len[in[i]] | code[in[i]];
		for (bits += len[in[i]]; bits >= 8; bits -= 8) {
			if (at == cap)
				return -1;
			out[at++] = (uint8_t)(acc >> (bits - 8));
		}
	}
	if (bits) {
		if (at == cap)
			return -1;
		out[at++] = (uint8_t)(acc << (8 - bits));
	}
	return (long)at;
}

long huff_decode(const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	uint16_t count[MAX_LEN + 1] = { 0 }, offs[MAX_LEN + 2] = { 0 }, syms[SYMS];
	uint8_t len[SYMS];
	size_t total, i, at = 4 + SYMS / 2, bit;

	if (n < at)
		return -1;
	total = in[0] | (size_t)in[1] << 8 | (size_t)in[2] << 16 | (size_t)in[3] << 24;
	if (total > cap)
		return -1;
	for (i = 0; i < SYMS; i++) {
		len[i] = in[4 + i / 2] >> (i & 1 ? 0 : 4) & 15;
		count[len[i]]++;
	}
	count[0] = 0;
	for (i = 1; i <= MAX_LEN; i++)
		offs[i + 1] = (uint16_t)(offs[i] + count[i]);
	for (i = 0; i < SYMS; i++)
		if (len[i])
			syms[offs[len[i]]++] = (uint8_t)i;
	bit = at * 8;
	for (i = 0; i < total; i++) {
		int code = 0, first = 0, index = 0, l;

		for (l = 1; l <= MAX_LEN; l++, bit++) {
			if (bit >= n * 8)
				return -1;
			code |= in[bit / 8] >> (7 - (bit & 7)) & 1;
			if (code - first < count[l])
				break;
			index += count[l];
			first = (first + count[l]) << 1;
			code <<= 1;
		}
		if (l > MAX_LEN)
			return -1;
		bit++;
		out[i] = (uint8_t)syms[index + code - first];
	}
	return (long)total;
}
