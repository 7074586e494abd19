/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "vectors.h"

/* Published test vectors; the input is repeated. */
const struct vector vectors[] = {
	{ "sha256", "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "sha256", "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "sha256", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
	  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	{ "sha256", "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	{ "sha384", "abc", 1,
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	  "8086072ba1e7cc2358baeca134c825a7" },
	{ "sha512", "abc", 1,
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ "crc32", "123456789", 1, "cbf43926" },
	{ "crc32c", "123456789", 1, "e3069283" },
	{ "crc16", "123456789", 1, "29b1" },
	{ "adler32", "Wikipedia", 1, "11e60398" },
	{ "fnv1a", "foobar", 1, "85944171f73967e8" },
	{ "murmur3", "test", 1, "ba6bd213" },
	{ "xxh64", "abc", 1, "44bc2cf5ad770999" },
	{ "siphash", "", 1, "726fdb47dd0e0e31" },
	{ "hmac", "what do ya want for nothing?", 1,
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
};
const size_t nvectors = sizeof(vectors) / sizeof(vectors[0]);
