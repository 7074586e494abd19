/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <crypto.h>
#include <encode.h>
#include <sha2.h>
#include <stdio.h>
#include <string.h>
#include "cryptosvc.h"

static void unhex(const char *s, uint8_t *out)
{
	hex_decode(s, strlen(s), out, 256);
}

static int aes_vectors(void)
{
	static const char *const keys[] = {
		"000102030405060708090a0b0c0d0e0f", "000102030405060708090a0b0c0d0e0f1011121314151617",
		"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	};
	static const char *const want[] = {
		"69c4e0d86a7b0430d8cdb78070b4c55a", "dda97ca4864cdfe06eaf70a0ec0d7191",
		"8ea2b7ca516745bfeafc49904b496089",
	};
	uint8_t key[32], in[16], out[16], back[32], text[64], tag[16], iv[12] = { 0 };
	struct aes a;
	int i, ok = 0;
	long n;

	unhex("00112233445566778899aabbccddeeff", in);
	for (i = 0; i < 3; i++) {
		unhex(keys[i], key);
		aes_init(&a, key, 128 + 64 * (size_t)i);
		aes_encrypt(&a, in, out);
		aes_decrypt(&a, out, back);
		ok += check("aes", out, want[i]) && !memcmp(back, in, 16);
	}
	memset(key, 0, sizeof(key));
	aes_init(&a, key, 128);
	memset(in, 0, sizeof(in));
	aes_gcm_seal(&a, iv, NULL, 0, in, 16, out, tag);
	ok += check("gcm text", out, "0388dace60b6a392f328c2b971b2fe78");
	ok += check("gcm tag", tag, "ab6e47d42cec13bdf53a67b21257bddf");
	ok += aes_gcm_open(&a, iv, NULL, 0, out, 16, tag, back) == 0 && !memcmp(back, in, 16);
	tag[3] ^= 1;
	ok += aes_gcm_open(&a, iv, NULL, 0, out, 16, tag, back) < 0;
	aes_cbc_encrypt(&a, in, "attack at dawn, or a bit later", 30, text);
	n = aes_cbc_decrypt(&a, in, text, 32, back);
	printf("cbc: %ld bytes back '%.14s'\n", n, back);
	return ok + (n == 30);
}

static int chacha_vectors(void)
{
	static const char sunscreen[] =
		"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for "
		"the future, sunscreen would be it.";
	static const uint8_t nonce[12] = { 7, 0, 0, 0, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47 };
	uint8_t key[32], aad[12], out[160], tag[16], back[160];
	struct poly1305 p;
	size_t n = sizeof(sunscreen) - 1;
	int i, ok = 0;

	for (i = 0; i < 32; i++)
		key[i] = (uint8_t)(0x80 + i);
	unhex("50515253c0c1c2c3c4c5c6c7", aad);
	aead_seal(key, nonce, aad, 12, sunscreen, n, out, tag);
	ok += check("aead text", out, "d31a8d34648e60db7b86afbc53ef7ec2");
	ok += check("aead tag", tag, "1ae10b594f09e26a7e902ecbd0600691");
	ok += aead_open(key, nonce, aad, 12, out, n, tag, back) == 0 && !memcmp(back, sunscreen, n);
	out[17] ^= 4;
	ok += aead_open(key, nonce, aad, 12, out, n, tag, back) < 0;
	unhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b", key);
	poly1305_init(&p, key);
	poly1305_update(&p, "Cryptographic Forum Research Group", 34);
	poly1305_final(&p, tag);
	ok += check("poly1305", tag, "a8061dc1305136c6c22b8baf0c0127a9");
	return ok;
}

static int curve_vectors(void)
{
	uint8_t a[32], b[32], pa[32], pb[32], k[32];
	int ok = 0;

	unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", a);
	unhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", b);
	x25519(k, a, b);
	ok += check("x25519", k, "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
	unhex("77076d0a7318a57d3c16c17251b26645df4c2f92ebc099ac6a2cd3a4a9a0e15d", a);
	x25519_public(pa, a);
	ok += check("x25519 pub", pa, "b24fabf796998d32cbe176101f2004e38fcbdd2ce3cbed977a413ba447fcaa0c");
	unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", b);
	x25519_public(pb, b);
	x25519(k, a, pb);
	x25519(a, b, pa);
	return ok + !memcmp(k, a, 32);
}

static int bignum_vectors(void)
{
	struct bn a, b, q, r, m;
	char hex[130];
	int ok = 0;

	bn_from_hex(&a, "fedcba9876543210fedcba9876543210fedcba98");
	bn_from_hex(&b, "123456789abcdef01");
	bn_mul(&m, &a, &b);
	bn_divmod(&q, &r, &m, &b);
	ok += !bn_cmp(&q, &a) && r.n == 0;
	bn_set(&r, 12345);
	bn_add(&m, &m, &r);
	bn_divmod(&q, &r, &m, &a);
	bn_to_hex(&r, hex, sizeof(hex));
	printf("remainder %s, quotient of %d bits\n", hex, bn_bits(&q));
	bn_set(&a, 3);
	bn_set(&b, 1000003);
	bn_modinv(&q, &a, &b);
	bn_mul(&r, &q, &a);
	bn_divmod(NULL, &r, &r, &b);
	ok += r.n == 1 && r.w[0] == 1;
	bn_from_hex(&a, "7fffffffffffffffffffffffffffffff");
	ok += bn_probably_prime(&a, 12);
	bn_from_hex(&a, "100000000000000000000000000000001");
	ok += !bn_probably_prime(&a, 12);
	return ok;
}

int run_vectors(void)
{
	int ok = aes_vectors();

	ok += chacha_vectors();
	ok += curve_vectors();
	ok += bignum_vectors();
	printf("%d of 20 checks passed\n", ok);
	return ok == 20 ? 0 : 1;
}
