/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <ctype.h>
#include <string.h>

static void trim(struct bn *a)
{
	while (a->n && !a->w[a->n - 1])
		a->n--;
}

void bn_set(struct bn *a, uint64_t v)
{
	memset(a, 0, sizeof(*a));
	a->w[0] = (uint32_t)v;
	a->w[1] = (uint32_t)(v >> 32);
	a->n = 2;
	trim(a);
}

int bn_from_hex(struct bn *a, const char *s)
{
	size_t n = strlen(s), i;

	memset(a, 0, sizeof(*a));
	if (n > BN_WORDS * 8)
		return -1;
	for (i = 0; i < n; i++) {
		int c = (unsigned char)s[n - 1 - i];

		if (!isxdigit(c))
			return -1;
		c = isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
		a->w[i / 8] |= (uint32_t)c << (4 * (i % 8));
	}
	a->n = (int)(n + 7) / 8;
	trim(a);
	return 0;
}

void bn_to_hex(const struct bn *a, char *out, size_t cap)
{
	int i = a->n ? (bn_bits(a) + 3) / 4 : 1;

	while (i-- && cap > 1) {
		*out++ = "0123456789abcdef"[a->w[i / 8] >> (4 * (i % 8)) & 15];
		cap--;
	}
	*out = 0;
}

void bn_from_bytes(struct bn *a, const uint8_t *p, size_t n)
{
	size_t i;

	memset(a, 0, sizeof(*a));
	for (i = 0; i < n; i++)
		a->w[i / 4] |= (uint32_t)p[n - 1 - i] << (8 * (i % 4));
	a->n = (int)(n + 3) / 4;
	trim(a);
}

void bn_to_bytes(const struct bn *a, uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		p[n - 1 - i] = i / 4 < BN_WORDS ? (uint8_t)(a->w[i / 4] >> (8 * (i % 4))) : 0;
}

int bn_bits(const struct bn *a)
{
	return a->n ? 32 * a->n - __builtin_clz(a->w[a->n - 1]) : 0;
}

int bn_cmp(const struct bn *a, const struct bn *b)
{
	int i;

	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (i = a->n; i--;)
		if (a->w[i] != b->w[i])
			return a->w[i] < b->w[i] ? -1 : 1;
	return 0;
}

void bn_add(struct bn *r, const struct bn *a, const struct bn *b)
{
	uint64_t c = 0;
	int i;

	for (i = 0; i < BN_WORDS; i++) {
		c += (uint64_t)a->w[i] + b->w[i];
		r->w[i] = (uint32_t)c;
		c >>= 32;
	}
	r->n = BN_WORDS;
	trim(r);
}

int bn_sub(struct bn *r, const struct bn *a, const struct bn *b)
{
	int64_t c = 0;
	int i;

	for (i = 0; i < BN_WORDS; i++) {
		c += (int64_t)a->w[i] - b->w[i];
		r->w[i] = (uint32_t)c;
		c >>= 32;
	}
	r->n = BN_WORDS;
	trim(r);
	return c ? -1 : 0;
}

int bn_mul(struct bn *r, const struct bn *a, const struct bn *b)
{
	struct bn t;
	int i, j;

	if (a->n + b->n > BN_WORDS)
		return -1;
	memset(&t, 0, sizeof(t));
	for (i = 0; i < a->n; i++) {
		uint64_t c = 0;

		for (j = 0; j < b->n; j++) {
			c += (uint64_t)a->w[i] * b->w[j] + t.w[i + j];
			t.w[i + j] = (uint32_t)c;
			c >>= 32;
		}
		t.w[i + j] = (uint32_t)c;
	}
	t.n = a->n + b->n;
	trim(&t);
	*r = t;
	return 0;
}

static void shl(struct bn *r, const struct bn *a, int k)
{
	uint32_t c = 0;
	int i;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < a->n; i++) {
		r->w[i] = a->w[i] << k | c;
		c = k ? a->w[i] >> (32 - k) : 0;
	}
	if (i < BN_WORDS)
		r->w[i++] = c;
	r->n = i;
	trim(r);
}

/* Long division in base 2^32, with a normalized divisor. */
int bn_divmod(struct bn *q, struct bn *r, const struct bn *a, const struct bn *b)
{
	struct bn u, v, quot;
	int k, i, j, n = b->n, m = a->n - b->n;

	if (!n)
		return -1;
	if (bn_cmp(a, b) < 0) {
		struct bn keep = *a;

		if (q)
			bn_set(q, 0);
		if (r)
			*r = keep;
		return 0;
	}
	k = __builtin_clz(b->w[n - 1]);
	if (a->n == BN_WORDS && k)
		return -1;
	shl(&u, a, k);
	shl(&v, b, k);
	memset(&quot, 0, sizeof(quot));
	for (j = m; j >= 0; j--) {
		uint64_t top = (uint64_t)(j + n < BN_WORDS ? u.w[j + n] : 0) << 32 | u.w[j + n - 1];
		uint64_t qh = top / v.w[n - 1], rh = top % v.w[n - 1], c = 0;
		int64_t borrow = 0;

		while (qh >> 32 || (n > 1 && qh * v.w[n - 2] > (rh << 32 | u.w[j + n - 2]))) {
			qh--;
			rh += v.w[n - 1];
			if (rh >> 32)
				break;
		}
		for (i = 0; i < n; i++) {
			c += qh * v.w[i];
			borrow += (int64_t)u.w[i + j] - (int64_t)(uint32_t)c;
			u.w[i + j] = (uint32_t)borrow;
			borrow >>= 32;
			c >>= 32;
		}
		if (j + n < BN_WORDS) {
			borrow += (int64_t)u.w[j + n] - (int64_t)c;
			u.w[j + n] = (uint32_t)borrow;
			borrow >>= 32;
		}
		if (borrow) { /* one too many */
			qh--;
			for (i = 0, c = 0; i < n; i++) {
				c += (uint64_t)u.w[i + j] + v.w[i];
				u.w[i + j] = (uint32_t)c;
				c >>= 32;
			}
			if (j + n < BN_WORDS)
				u.w[j + n] += (uint32_t)c;
		}
		quot.w[j] = (uint32_t)qh;
	}
	quot.n = m + 1;
	trim(&quot);
	if (q)
		*q = quot;
	if (r) {
		memset(r, 0, sizeof(*r));
		for (i = 0; i < n; i++)
			r->w[i] = u.w[i] >> k | (k && i + 1 < BN_WORDS ? u.w[i + 1] << (32 - k) : 0);
		r->n = n;
		if (k)
			r->w[n - 1] = u.w[n - 1] >> k;
		trim(r);
	}
	return 0;
}

int bn_modexp(struct bn *r, const struct bn *b, const struct bn *e, const struct bn *m)
{
	struct bn base, acc;
	int i;

	if (bn_divmod(NULL, &base, b, m))
		return -1;
	bn_set(&acc, 1);
	for (i = bn_bits(e); i--;) {
		if (bn_mul(&acc, &acc, &acc) || bn_divmod(NULL, &acc, &acc, m))
			return -1;
		if (e->w[i / 32] >> (i & 31) & 1)
			if (bn_mul(&acc, &acc, &base) || bn_divmod(NULL, &acc, &acc, m))
				return -1;
	}
	*r = acc;
	return 0;
}

/* Extended Euclid; the coefficients are kept modulo m. */
int bn_modinv(struct bn *r, const struct bn *a, const struct bn *m)
{
	struct bn r0 = *m, r1, t0, t1, q, tmp;

	bn_divmod(NULL, &r1, a, m);
	bn_set(&t0, 0);
	bn_set(&t1, 1);
	while (r1.n) {
		bn_divmod(&q, &tmp, &r0, &r1);
		r0 = r1;
		r1 = tmp;
		if (bn_mul(&tmp, &q, &t1))
			return -1;
		bn_divmod(NULL, &tmp, &tmp, m);
		if (bn_cmp(&t0, &tmp) < 0)
			bn_add(&t0, &t0, m);
		bn_sub(&tmp, &t0, &tmp);
		t0 = t1;
		t1 = tmp;
	}
	if (r0.n != 1 || r0.w[0] != 1)
		return -1;
	*r = t0;
	return 0;
}

int bn_probably_prime(const struct bn *n, int rounds)
{
	static const uint8_t small[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53 };
	struct bn one, n1, d, x, base, rem;
	int s = 0, i, k;

	for (i = 0; i < (int)sizeof(small); i++) {
		bn_set(&base, small[i]);
		if (!bn_cmp(n, &base))
			return 1;
		bn_divmod(NULL, &rem, n, &base);
		if (!rem.n)
			return 0;
	}
	bn_set(&one, 1);
	bn_sub(&n1, n, &one);
	d = n1;
	while (!(d.w[0] & 1)) {
		for (i = 0; i < d.n; i++)
			d.w[i] = d.w[i] >> 1 | (i + 1 < d.n ? d.w[i + 1] << 31 : 0);
		trim(&d);
		s++;
	}
	for (k = 0; k < rounds && k < (int)sizeof(small); k++) {
		bn_set(&base, small[k]);
		if (bn_modexp(&x, &base, &d, n))
			return 0;
		if (!bn_cmp(&x, &one) || !bn_cmp(&x, &n1))
			continue;
		for (i = 1; i < s; i++) {
			bn_mul(&x, &x, &x);
			bn_divmod(NULL, &x, &x, n);
			if (!bn_cmp(&x, &n1))
				break;
		}
		if (i == s)
			return 0;
	}
	return 1;
}
