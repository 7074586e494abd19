/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <string.h>

/* Field elements modulo 2^255 - 19 in five limbs of 51 bits. */
typedef uint64_t fe[5];
typedef unsigned __int128 u128;
#define MASK ((1UL << 51) - 1)

static uint64_t load(const uint8_t *p)
{
	uint64_t v;

	__builtin_memcpy(&v, p, 8);
	return v;
}

static void from_bytes(fe h, const uint8_t *s)
{
	h[0] = load(s) & MASK;
	h[1] = load(s + 6) >> 3 & MASK;
	h[2] = load(s + 12) >> 6 & MASK;
	h[3] = load(s + 19) >> 1 & MASK;
	h[4] = load(s + 24) >> 12 & MASK;
}

static void carry(fe h)
{
	int i, round;

	for (round = 0; round < 2; round++) {
		for (i = 0; i < 4; i++) {
			h[i + 1] += h[i] >> 51;
			h[i] &= MASK;
		}
		h[0] += 19 * (h[4] >> 51);
		h[4] &= MASK;
	}
}

static void to_bytes(uint8_t *s, const fe in)
{
	fe t;
	uint64_t q;
	int i;

	memcpy(t, in, sizeof(t));
	carry(t);
	q = (t[0] + 19) >> 51;
	for (i = 1; i < 5; i++)
		q = (t[i] + q) >> 51;
	t[0] += 19 * q;
	for (i = 0; i < 4; i++) {
		t[i + 1] += t[i] >> 51;
		t[i] &= MASK;
	}
	t[4] &= MASK;
	t[0] |= t[1] << 51;
	t[1] = t[1] >> 13 | t[2] << 38;
	t[2] = t[2] >> 26 | t[3] << 25;
	t[3] = t[3] >> 39 | t[4] << 12;
	memcpy(s, t, 32);
}

static void add(fe r, const fe a, const fe b)
{
	int i;

	for (i = 0; i < 5; i++)
		r[i] = a[i] + b[i];
}

static void sub(fe r, const fe a, const fe b)
{
	/* 8 p first, so that no limb goes below zero */
	static const uint64_t bias[5] = { 0x3fffffffffff68, 0x3ffffffffffff8, 0x3ffffffffffff8,
					  0x3ffffffffffff8, 0x3ffffffffffff8 };
	int i;

	for (i = 0; i < 5; i++)
		r[i] = a[i] + bias[i] - b[i];
	carry(r);
}

static void mul(fe r, const fe a, const fe b)
{
	u128 t[5], c = 0;
	int i, j;

	for (i = 0; i < 5; i++) {
		t[i] = 0;
		for (j = 0; j < 5; j++)
			t[i] += (u128)a[j] * (j <= i ? b[i - j] : 19 * b[i + 5 - j]);
	}
	for (i = 0; i < 5; i++) {
		t[i] += c;
		r[i] = (uint64_t)t[i] & MASK;
		c = t[i] >> 51;
	}
	r[0] += 19 * (uint64_t)c;
	r[1] += r[0] >> 51;
	r[0] &= MASK;
}

static void small(fe r, const fe a, uint64_t k)
{
	u128 c = 0;
	int i;

	for (i = 0; i < 5; i++) {
		c += (u128)a[i] * k;
		r[i] = (uint64_t)c & MASK;
		c >>= 51;
	}
	r[0] += 19 * (uint64_t)c;
}

/* a^(p-2): the bits of p-2 are all ones but the second and fourth lowest. */
static void invert(fe r, const fe a)
{
	fe t;
	int i;

	memcpy(t, a, sizeof(t));
	for (i = 253; i >= 0; i--) {
		mul(t, t, t);
		if (i != 2 && i != 4)
			mul(t, t, a);
	}
	memcpy(r, t, sizeof(t));
}

static void swap(uint64_t bit, fe a, fe b)
{
	uint64_t mask = -bit;
	int i;

	for (i = 0; i < 5; i++) {
		uint64_t x = mask & (a[i] ^ b[i]);

		a[i] ^= x;
		b[i] ^= x;
	}
}

int x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t point[32])
{
	fe x1, x2 = { 1 }, z2 = { 0 }, x3, z3 = { 1 }, a, b, c, d, e, da, cb, aa, bb;
	uint8_t k[32], zero = 0;
	uint64_t bit, last = 0;
	int i;

	memcpy(k, scalar, 32);
	k[0] &= 248;
	k[31] = (uint8_t)((k[31] & 127) | 64);
	from_bytes(x1, point);
	memcpy(x3, x1, sizeof(x3));
	for (i = 254; i >= 0; i--) {
		bit = k[i / 8] >> (i & 7) & 1;
		swap(bit ^ last, x2, x3);
		swap(bit ^ last, z2, z3);
		last = bit;
		add(a, x2, z2);
		sub(b, x2, z2);
		add(c, x3, z3);
		sub(d, x3, z3);
		mul(da, d, a);
		mul(cb, c, b);
		add(x3, da, cb);
		mul(x3, x3, x3);
		sub(z3, da, cb);
		mul(z3, z3, z3);
		mul(z3, z3, x1);
		mul(aa, a, a);
		mul(bb, b, b);
		mul(x2, aa, bb);
		sub(e, aa, bb);
		small(z2, e, 121665);
		add(z2, z2, aa);
		mul(z2, z2, e);
	}
	swap(last, x2, x3);
	swap(last, z2, z3);
	invert(z2, z2);
	mul(x2, x2, z2);
	to_bytes(out, x2);
	for (i = 0; i < 32; i++)
		zero |= out[i];
	return zero ? 0 : -1;
}

void x25519_public(uint8_t out[32], const uint8_t scalar[32])
{
	static const uint8_t base[32] = { 9 };

	x25519(out, scalar, base);
}
