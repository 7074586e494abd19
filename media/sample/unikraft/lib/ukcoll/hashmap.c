/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uk/coll.h>

struct uk_hashmap_slot {
	uint64_t hash; /* 0 is an empty slot */
	void *value;
	size_t len;
	char *key;
};

static uint64_t hash(const struct uk_hashmap *m, const void *key, size_t n)
{
	const unsigned char *p = key;
	uint64_t h = m->seed ^ n * 0x9e3779b97f4a7c15UL;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3UL;
	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9UL;
	h ^= h >> 32;
	return h ? h : 1;
}

int uk_hashmap_init(struct uk_hashmap *m, size_t hint)
{
	m->cap = 8;
	while (m->cap * 3 / 4 < hint)
		m->cap *= 2;
	m->count = 0;
	m->seed = 0x5eed;
	m->slots = calloc(m->cap, sizeof(*m->slots));
	return m->slots ? 0 : -ENOMEM;
}

void uk_hashmap_free(struct uk_hashmap *m, void (*fn)(void *value))
{
	size_t i;

	for (i = 0; i < m->cap; i++) {
		if (!m->slots[i].hash)
			continue;
		if (fn)
			fn(m->slots[i].value);
		free(m->slots[i].key);
	}
	free(m->slots);
	m->slots = NULL;
	m->cap = m->count = 0;
}

static size_t locate(const struct uk_hashmap *m, uint64_t h, const void *key, size_t n)
{
	size_t i = h & (m->cap - 1);

	for (; m->slots[i].hash; i = (i + 1) & (m->cap - 1))
		if (m->slots[i].hash == h && m->slots[i].len == n && !memcmp(m->slots[i].key, key, n))
			break;
	return i;
}

static int grow(struct uk_hashmap *m)
{
	struct uk_hashmap_slot *old = m->slots;
	size_t cap = m->cap, i, j;

	m->slots = calloc(cap * 2, sizeof(*old));
	if (!m->slots) {
		m->slots = old;
		return -ENOMEM;
	}
	m->cap = cap * 2;
	for (i = 0; i < cap; i++) {
		if (!old[i].hash)
			continue;
		for (j = old[i].hash & (m->cap - 1); m->slots[j].hash; j = (j + 1) & (m->cap - 1))
			;
		m->slots[j] = old[i];
	}
	free(old);
	return 0;
}

int uk_hashmap_put(struct uk_hashmap *m, const void *key, size_t n, void *value, void **old)
{
	uint64_t h = hash(m, key, n);
	size_t i;

	if (m->count + 1 > m->cap * 3 / 4 && grow(m))
		return -ENOMEM;
	i = locate(m, h, key, n);
	if (old)
		*old = m->slots[i].hash ? m->slots[i].value : NULL;
	if (!m->slots[i].hash) {
		m->slots[i].key = malloc(n + 1);
		if (!m->slots[i].key)
			return -ENOMEM;
		memcpy(m->slots[i].key, key, n);
		m->slots[i].key[n] = 0;
		m->slots[i].len = n;
		m->slots[i].hash = h;
		m->count++;
	}
	m->slots[i].value = value;
	return 0;
}

void *uk_hashmap_get(const struct uk_hashmap *m, const void *key, size_t n)
{
	size_t i = locate(m, hash(m, key, n), key, n);

	return m->slots[i].hash ? m->slots[i].value : NULL;
}

void *uk_hashmap_del(struct uk_hashmap *m, const void *key, size_t n)
{
	size_t i = locate(m, hash(m, key, n), key, n), j, home, mask = m->cap - 1;
	void *value = m->slots[i].value;

	if (!m->slots[i].hash)
		return NULL;
	free(m->slots[i].key);
	/* move back what would no longer be found behind the gap */
	for (j = (i + 1) & mask; m->slots[j].hash; j = (j + 1) & mask) {
		home = m->slots[j].hash & mask;
		if (((j - home) & mask) < ((j - i) & mask))
			continue;
		m->slots[i] = m->slots[j];
		i = j;
	}
	memset(&m->slots[i], 0, sizeof(m->slots[i]));
	m->count--;
	return value;
}

int uk_hashmap_each(const struct uk_hashmap *m,
		    int (*fn)(const void *key, size_t n, void *value, void *arg), void *arg)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < m->cap && !rc; i++)
		if (m->slots[i].hash)
			rc = fn(m->slots[i].key, m->slots[i].len, m->slots[i].value, arg);
	return rc;
}

unsigned int uk_hashmap_longest_probe(const struct uk_hashmap *m)
{
	size_t i, d, worst = 0;

	for (i = 0; i < m->cap; i++) {
		d = (i - m->slots[i].hash) & (m->cap - 1);
		if (m->slots[i].hash && d > worst)
			worst = d;
	}
	return (unsigned int)worst;
}
