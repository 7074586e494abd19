/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

void chacha20_block(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12], uint8_t out[64]);
void chacha20(const uint8_t key[32], uint32_t counter, const uint8_t nonce[12], const void *in,
	      void *out, size_t n);

struct poly1305 {
	uint32_t r[5], h[5], pad[4];
	uint8_t buf[16];
	size_t have;
};
void poly1305_init(struct poly1305 *p, const uint8_t key[32]);
void poly1305_update(struct poly1305 *p, const void *data, size_t n);
void poly1305_final(struct poly1305 *p, uint8_t tag[16]);

/* ChaCha20-Poly1305 of RFC 8439; open gives -1 for what was changed. */
void aead_seal(const uint8_t key[32], const uint8_t nonce[12], const void *aad, size_t an,
	       const void *in, size_t n, void *out, uint8_t tag[16]);
int aead_open(const uint8_t key[32], const uint8_t nonce[12], const void *aad, size_t an, const void *in,
	      size_t n, const uint8_t tag[16], void *out);

int x25519(uint8_t out[32], const uint8_t scalar[32], const uint8_t point[32]);
void x25519_public(uint8_t out[32], const uint8_t scalar[32]);

struct aes {
	uint32_t rk[60];
	int rounds;
};
int aes_init(struct aes *a, const uint8_t *key, size_t bits);
void aes_encrypt(const struct aes *a, const uint8_t in[16], uint8_t out[16]);
void aes_decrypt(const struct aes *a, const uint8_t in[16], uint8_t out[16]);
void aes_ctr(const struct aes *a, uint8_t ctr[16], const void *in, void *out, size_t n);
int aes_cbc_encrypt(const struct aes *a, const uint8_t iv[16], const void *in, size_t n, uint8_t *out);
long aes_cbc_decrypt(const struct aes *a, const uint8_t iv[16], const void *in, size_t n, uint8_t *out);
void aes_gcm_seal(const struct aes *a, const uint8_t iv[12], const void *aad, size_t an, const void *in,
		  size_t n, void *out, uint8_t tag[16]);
int aes_gcm_open(const struct aes *a, const uint8_t iv[12], const void *aad, size_t an, const void *in,
		 size_t n, const uint8_t tag[16], void *out);

/* A generator on ChaCha20; the same seed gives the same bytes. */
void drbg_seed(const void *seed, size_t n);
void drbg_bytes(void *out, size_t n);

#define BN_WORDS 64
struct bn {
	uint32_t w[BN_WORDS];
	int n;
};
void bn_set(struct bn *a, uint64_t v);
int bn_from_hex(struct bn *a, const char *s);
void bn_to_hex(const struct bn *a, char *out, size_t cap);
void bn_from_bytes(struct bn *a, const uint8_t *p, size_t n);
void bn_to_bytes(const struct bn *a, uint8_t *p, size_t n);
int bn_cmp(const struct bn *a, const struct bn *b);
void bn_add(struct bn *r, const struct bn *a, const struct bn *b);
int bn_sub(struct bn *r, const struct bn *a, const struct bn *b);
int bn_mul(struct bn *r, const struct bn *a, const struct bn *b);
int bn_divmod(struct bn *q, struct bn *r, const struct bn *a, const struct bn *b);
int bn_modexp(struct bn *r, const struct bn *b, const struct bn *e, const struct bn *m);
int bn_modinv(struct bn *r, const struct bn *a, const struct bn *m);
int bn_bits(const struct bn *a);
int bn_probably_prime(const struct bn *n, int rounds);

struct rsa {
	struct bn n, e, d;
};
int rsa_generate(struct rsa *k, int bits);
int rsa_sign(const struct rsa *k, const uint8_t digest[32], uint8_t *sig, size_t n);
int rsa_verify(const struct rsa *k, const uint8_t digest[32], const uint8_t *sig, size_t n);
