/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>

/* A leaf and an inner node are told apart by their first byte. */
static void leaf(const void *data, size_t n, uint8_t out[SHA256_LEN])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, "\0", 1);
	sha256_update(&s, data, n);
	sha256_final(&s, out);
}

static void node(const uint8_t *l, const uint8_t *r, uint8_t out[SHA256_LEN])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, "\1", 1);
	sha256_update(&s, l, SHA256_LEN);
	sha256_update(&s, r, SHA256_LEN);
	sha256_final(&s, out);
}

/* All hashes of one level; an odd last one is paired with itself. */
static uint8_t *leaves(const void *data, size_t n, size_t chunk, size_t *count)
{
	uint8_t *h;
	size_t i;

	*count = chunk ? (n + chunk - 1) / chunk : 0;
	if (!*count || *count > 1UL << MERKLE_MAX_DEPTH)
		return NULL;
	h = malloc(*count * SHA256_LEN);
	for (i = 0; h && i < *count; i++)
		leaf((const char *)data + i * chunk, i + 1 < *count ? chunk : n - i * chunk,
		     h + i * SHA256_LEN);
	return h;
}

static size_t shrink(uint8_t *h, size_t count)
{
	size_t i;

	for (i = 0; i < count; i += 2)
		node(h + i * SHA256_LEN, h + (i + 1 < count ? i + 1 : i) * SHA256_LEN,
		     h + i / 2 * SHA256_LEN);
	return (count + 1) / 2;
}

int merkle_root(const void *data, size_t n, size_t chunk, uint8_t root[SHA256_LEN])
{
	size_t count;
	uint8_t *h = leaves(data, n, chunk, &count);

	if (!h)
		return -EINVAL;
	while (count > 1)
		count = shrink(h, count);
	memcpy(root, h, SHA256_LEN);
	free(h);
	return 0;
}

int merkle_prove(const void *data, size_t n, size_t chunk, size_t index, struct merkle_proof *p)
{
	size_t count, at = index;
	uint8_t *h = leaves(data, n, chunk, &count);

	if (!h || index >= count) {
		free(h);
		return -EINVAL;
	}
	p->depth = 0;
	p->index = index;
	for (; count > 1; at /= 2) {
		size_t sibling = (at ^ 1) < count ? at ^ 1 : at;

		memcpy(p->path[p->depth++], h + sibling * SHA256_LEN, SHA256_LEN);
		count = shrink(h, count);
	}
	free(h);
	return 0;
}

int merkle_verify(const void *data, size_t n, const struct merkle_proof *p,
		  const uint8_t root[SHA256_LEN])
{
	uint8_t h[SHA256_LEN];
	size_t at = p->index;
	int i;

	leaf(data, n, h);
	for (i = 0; i < p->depth; i++, at /= 2) {
		if (at & 1)
			node(p->path[i], h, h);
		else
			node(h, p->path[i], h);
	}
	return hmac_verify(h, root, sizeof(h));
}
