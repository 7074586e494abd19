/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <sha2.h>
#include <string.h>
#include <uk/bitops.h>

void hkdf_sha256(const void *ikm, size_t n, const void *salt, size_t sn, const void *info, size_t in,
		 uint8_t *out, size_t len)
{
	uint8_t prk[SHA256_LEN], t[SHA256_LEN], i = 1;
	size_t have = 0;

	hmac_sha256(salt, sn, ikm, n, prk);
	for (; len; i++) {
		struct hmac_sha256 m;
		size_t k = len < SHA256_LEN ? len : SHA256_LEN;

		hmac_sha256_init(&m, prk, sizeof(prk));
		hmac_sha256_update(&m, t, have);
		hmac_sha256_update(&m, info, in);
		hmac_sha256_update(&m, &i, 1);
		hmac_sha256_final(&m, t);
		have = SHA256_LEN;
		memcpy(out, t, k);
		out += k;
		len -= k;
	}
}

void pbkdf2_sha256(const void *pw, size_t pn, const void *salt, size_t sn, unsigned int rounds,
		   uint8_t *out, size_t len)
{
	struct hmac_sha256 base, m;
	uint32_t i = 1;

	hmac_sha256_init(&base, pw, pn);
	for (; len; i++) {
		uint8_t u[SHA256_LEN], t[SHA256_LEN], be[4];
		size_t k = len < SHA256_LEN ? len : SHA256_LEN;
		unsigned int r, j;

		uk_put_be32(be, i);
		m = base;
		hmac_sha256_update(&m, salt, sn);
		hmac_sha256_update(&m, be, 4);
		hmac_sha256_final(&m, u);
		memcpy(t, u, sizeof(t));
		for (r = 1; r < rounds; r++) {
			m = base;
			hmac_sha256_update(&m, u, sizeof(u));
			hmac_sha256_final(&m, u);
			for (j = 0; j < SHA256_LEN; j++)
				t[j] ^= u[j];
		}
		memcpy(out, t, k);
		out += k;
		len -= k;
	}
}
