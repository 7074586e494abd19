/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <string.h>
#include <uk/bitops.h>
#include <uk/ctors.h>

/* The boxes are computed at boot: inverses in GF(2^8) and an affine map. */
static uint8_t sbox[256], inv_sbox[256];
static uint32_t enc_table[256];

static uint8_t xtime(uint8_t a)
{
	return (uint8_t)(a << 1 ^ (a & 0x80 ? 0x1b : 0));
}

static uint8_t gmul(uint8_t a, uint8_t b)
{
	uint8_t r = 0;

	for (; b; b >>= 1, a = xtime(a))
		if (b & 1)
			r ^= a;
	return r;
}

static void make_boxes(void)
{
	uint8_t p = 1, q = 1;
	int i;

	do {
		uint8_t x;

		p = (uint8_t)(p ^ xtime(p)); /* times 3 */
		q ^= (uint8_t)(q << 1);	     /* divided by 3 */
		q ^= (uint8_t)(q << 2);
		q ^= (uint8_t)(q << 4);
		if (q & 0x80)
			q ^= 0x09;
		x = q ^ (uint8_t)(q << 1 | q >> 7) ^ (uint8_t)(q << 2 | q >> 6) ^
		    (uint8_t)(q << 3 | q >> 5) ^ (uint8_t)(q << 4 | q >> 4);
		sbox[p] = x ^ 0x63;
	} while (p != 1);
	sbox[0] = 0x63;
	for (i = 0; i < 256; i++) {
		uint8_t s = sbox[i];

		inv_sbox[s] = (uint8_t)i;
		enc_table[i] = (uint32_t)xtime(s) << 24 | (uint32_t)s << 16 | (uint32_t)s << 8 |
			       (uint8_t)(s ^ xtime(s));
	}
}
UK_CTOR_PRIO(make_boxes, 2);

static uint32_t sub_word(uint32_t w)
{
	return (uint32_t)sbox[w >> 24] << 24 | (uint32_t)sbox[w >> 16 & 255] << 16 |
	       (uint32_t)sbox[w >> 8 & 255] << 8 | sbox[w & 255];
}

int aes_init(struct aes *a, const uint8_t *key, size_t bits)
{
	int nk = (int)bits / 32, i;
	uint8_t rcon = 1;

	if (bits != 128 && bits != 192 && bits != 256)
		return -1;
	a->rounds = nk + 6;
	for (i = 0; i < nk; i++)
		a->rk[i] = uk_be32(key + 4 * i);
	for (; i < 4 * (a->rounds + 1); i++) {
		uint32_t t = a->rk[i - 1];

		if (i % nk == 0) {
			t = sub_word(uk_rol32(t, 8)) ^ (uint32_t)rcon << 24;
			rcon = xtime(rcon);
		} else if (nk > 6 && i % nk == 4) {
			t = sub_word(t);
		}
		a->rk[i] = a->rk[i - nk] ^ t;
	}
	return 0;
}

void aes_encrypt(const struct aes *a, const uint8_t in[16], uint8_t out[16])
{
	uint32_t s[4], t[4];
	int i, r;

	for (i = 0; i < 4; i++)
		s[i] = uk_be32(in + 4 * i) ^ a->rk[i];
	for (r = 1; r < a->rounds; r++) {
		for (i = 0; i < 4; i++)
			t[i] = enc_table[s[i] >> 24] ^ uk_ror32(enc_table[s[(i + 1) & 3] >> 16 & 255], 8) ^
			       uk_ror32(enc_table[s[(i + 2) & 3] >> 8 & 255], 16) ^
			       uk_ror32(enc_table[s[(i + 3) & 3] & 255], 24) ^ a->rk[4 * r + i];
		memcpy(s, t, sizeof(s));
	}
	for (i = 0; i < 4; i++) {
		uint32_t v = (s[i] & 0xff000000) | (s[(i + 1) & 3] & 0xff0000) | (s[(i + 2) & 3] & 0xff00) |
			     (s[(i + 3) & 3] & 0xff);

		uk_put_be32(out + 4 * i, sub_word(v) ^ a->rk[4 * r + i]);
	}
}

static void inv_mix(uint8_t *c)
{
	uint8_t a[4];
	int i;

	memcpy(a, c, 4);
	for (i = 0; i < 4; i++)
		c[i] = gmul(a[i], 14) ^ gmul(a[(i + 1) & 3], 11) ^ gmul(a[(i + 2) & 3], 13) ^
		       gmul(a[(i + 3) & 3], 9);
}

void aes_decrypt(const struct aes *a, const uint8_t in[16], uint8_t out[16])
{
	uint8_t s[16], t[16];
	int r, i, k;

	memcpy(s, in, 16);
	for (r = a->rounds; r >= 0; r--) {
		for (i = 0; i < 4; i++)
			for (k = 0; k < 4; k++)
				s[4 * i + k] ^= (uint8_t)(a->rk[4 * r + i] >> (24 - 8 * k));
		if (!r)
			break;
		if (r < a->rounds)
			for (i = 0; i < 4; i++)
				inv_mix(s + 4 * i);
		for (i = 0; i < 4; i++)
			for (k = 0; k < 4; k++)
				t[4 * ((i + k) & 3) + k] = inv_sbox[s[4 * i + k]];
		memcpy(s, t, 16);
	}
	memcpy(out, s, 16);
}

void aes_ctr(const struct aes *a, uint8_t ctr[16], const void *in, void *out, size_t n)
{
	const uint8_t *p = in;
	uint8_t *q = out, ks[16];

	while (n) {
		size_t k = n < 16 ? n : 16, i;

		aes_encrypt(a, ctr, ks);
		uk_put_be32(ctr + 12, uk_be32(ctr + 12) + 1);
		for (i = 0; i < k; i++)
			q[i] = p[i] ^ ks[i];
		p += k;
		q += k;
		n -= k;
	}
}

/* With PKCS#7 padding: out has room for the next multiple of 16. */
int aes_cbc_encrypt(const struct aes *a, const uint8_t iv[16], const void *in, size_t n, uint8_t *out)
{
	const uint8_t *p = in, *prev = iv;
	uint8_t block[16];
	size_t off, i;

	for (off = 0; off <= n; off += 16) {
		for (i = 0; i < 16; i++)
			block[i] = (off + i < n ? p[off + i] : (uint8_t)(16 - n % 16)) ^ prev[i];
		aes_encrypt(a, block, out + off);
		prev = out + off;
	}
	return (int)off;
}

long aes_cbc_decrypt(const struct aes *a, const uint8_t iv[16], const void *in, size_t n, uint8_t *out)
{
	const uint8_t *p = in, *prev = iv;
	size_t off, i, pad;

	if (!n || n % 16)
		return -1;
	for (off = 0; off < n; off += 16) {
		aes_decrypt(a, p + off, out + off);
		for (i = 0; i < 16; i++)
			out[off + i] ^= prev[i];
		prev = p + off;
	}
	pad = out[n - 1];
	if (!pad || pad > 16)
		return -1;
	for (i = 0; i < pad; i++)
		if (out[n - 1 - i] != pad)
			return -1;
	return (long)(n - pad);
}
