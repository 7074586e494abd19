/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define SHA256_LEN 32
#define SHA512_LEN 64

struct sha256 {
	uint32_t h[8];
	uint64_t len;
	uint8_t buf[64];
};
struct sha512 {
	uint64_t h[8];
	uint64_t len;
	uint8_t buf[128];
	size_t out;
};
void sha256_init(struct sha256 *s);
void sha256_update(struct sha256 *s, const void *data, size_t n);
void sha256_final(struct sha256 *s, uint8_t out[SHA256_LEN]);
void sha256(const void *data, size_t n, uint8_t out[SHA256_LEN]);
void sha512_init(struct sha512 *s);
void sha384_init(struct sha512 *s);
void sha512_update(struct sha512 *s, const void *data, size_t n);
void sha512_final(struct sha512 *s, uint8_t *out);

struct hmac_sha256 {
	struct sha256 inner, outer;
};
void hmac_sha256_init(struct hmac_sha256 *m, const void *key, size_t n);
void hmac_sha256_update(struct hmac_sha256 *m, const void *data, size_t n);
void hmac_sha256_final(struct hmac_sha256 *m, uint8_t out[SHA256_LEN]);
void hmac_sha256(const void *key, size_t kn, const void *data, size_t n, uint8_t out[SHA256_LEN]);
int hmac_verify(const uint8_t *a, const uint8_t *b, size_t n);

void hkdf_sha256(const void *ikm, size_t n, const void *salt, size_t sn, const void *info, size_t in,
		 uint8_t *out, size_t len);
void pbkdf2_sha256(const void *pw, size_t pn, const void *salt, size_t sn, unsigned int rounds,
		   uint8_t *out, size_t len);

/* Root and proofs of a hash tree over equal chunks. */
#define MERKLE_MAX_DEPTH 16
struct merkle_proof {
	int depth;
	size_t index;
	uint8_t path[MERKLE_MAX_DEPTH][SHA256_LEN];
};
int merkle_root(const void *data, size_t n, size_t chunk, uint8_t root[SHA256_LEN]);
int merkle_prove(const void *data, size_t n, size_t chunk, size_t index, struct merkle_proof *p);
int merkle_verify(const void *leaf, size_t n, const struct merkle_proof *p,
		  const uint8_t root[SHA256_LEN]);
