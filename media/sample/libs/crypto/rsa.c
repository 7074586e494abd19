/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <string.h>

static void prime(struct bn *p, int bits)
{
	uint8_t raw[128];
	size_t n = (size_t)bits / 8;
	struct bn two;

	bn_set(&two, 2);
	drbg_bytes(raw, n);
	raw[0] |= 0xc0; /* the product then has all its bits */
	raw[n - 1] |= 1;
	bn_from_bytes(p, raw, n);
	while (!bn_probably_prime(p, 8))
		bn_add(p, p, &two);
}

int rsa_generate(struct rsa *k, int bits)
{
	struct bn p, q, one, phi;

	bn_set(&one, 1);
	bn_set(&k->e, 65537);
	do {
		prime(&p, bits / 2);
		prime(&q, bits / 2);
		bn_mul(&k->n, &p, &q);
		bn_sub(&p, &p, &one);
		bn_sub(&q, &q, &one);
		bn_mul(&phi, &p, &q);
	} while (bn_modinv(&k->d, &k->e, &phi));
	return bn_bits(&k->n);
}

/* 00 01 ff .. ff 00 digest: padding as in PKCS#1 v1.5, without its DER */
static int pad(uint8_t *out, size_t n, const uint8_t digest[32])
{
	if (n < 32 + 11)
		return -1;
	memset(out, 0xff, n);
	out[0] = 0;
	out[1] = 1;
	out[n - 33] = 0;
	memcpy(out + n - 32, digest, 32);
	return 0;
}

int rsa_sign(const struct rsa *k, const uint8_t digest[32], uint8_t *sig, size_t n)
{
	struct bn m;

	if (pad(sig, n, digest))
		return -1;
	bn_from_bytes(&m, sig, n);
	if (bn_modexp(&m, &m, &k->d, &k->n))
		return -1;
	bn_to_bytes(&m, sig, n);
	return 0;
}

int rsa_verify(const struct rsa *k, const uint8_t digest[32], const uint8_t *sig, size_t n)
{
	uint8_t want[256], got[256];
	struct bn m;

	if (n > sizeof(want) || pad(want, n, digest))
		return 0;
	bn_from_bytes(&m, sig, n);
	if (bn_cmp(&m, &k->n) >= 0 || bn_modexp(&m, &m, &k->e, &k->n))
		return 0;
	bn_to_bytes(&m, got, n);
	return !memcmp(want, got, n);
}
