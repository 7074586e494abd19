/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <uk/coll.h>

int uk_bitmap_init(struct uk_bitmap *b, size_t bits)
{
	b->bits = bits;
	b->w = calloc((bits + 63) / 64, 8);
	return b->w ? 0 : -ENOMEM;
}

void uk_bitmap_free(struct uk_bitmap *b)
{
	free(b->w);
	b->w = NULL;
	b->bits = 0;
}

static void change(struct uk_bitmap *b, size_t from, size_t n, int set)
{
	while (n) {
		size_t bit = from & 63, k = 64 - bit < n ? 64 - bit : n;
		uint64_t mask = (k == 64 ? ~0UL : (1UL << k) - 1) << bit;

		if (set)
			b->w[from / 64] |= mask;
		else
			b->w[from / 64] &= ~mask;
		from += k;
		n -= k;
	}
}

void uk_bitmap_set(struct uk_bitmap *b, size_t from, size_t n)
{
	change(b, from, n, 1);
}

void uk_bitmap_clear(struct uk_bitmap *b, size_t from, size_t n)
{
	change(b, from, n, 0);
}

int uk_bitmap_test(const struct uk_bitmap *b, size_t i)
{
	return b->w[i / 64] >> (i & 63) & 1;
}

/* The first run of n clear bits at or behind from. */
long uk_bitmap_find_run(const struct uk_bitmap *b, size_t n, size_t from)
{
	size_t run = 0, i = from;

	while (i < b->bits) {
		if (!(i & 63) && b->w[i / 64] == ~0UL) {
			run = 0;
			i += 64;
			continue;
		}
		run = uk_bitmap_test(b, i) ? 0 : run + 1;
		i++;
		if (run == n)
			return (long)(i - n);
	}
	return -1;
}

size_t uk_bitmap_count(const struct uk_bitmap *b)
{
	size_t i, n = 0;

	for (i = 0; i < (b->bits + 63) / 64; i++) {
		uint64_t v = b->w[i];

		for (; v; v &= v - 1)
			n++;
	}
	return n;
}
