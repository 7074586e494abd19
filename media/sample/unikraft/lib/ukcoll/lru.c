/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uk/coll.h>
#include <uk/list.h>

struct entry {
	struct uk_list_head link;
	void *value;
	size_t cost;
	char key[];
};

struct uk_lru {
	struct uk_hashmap map;
	struct uk_list_head order;
	size_t limit, used;
	void (*evict)(const char *key, void *value);
};

struct uk_lru *uk_lru_create(size_t limit, void (*evict)(const char *key, void *value))
{
	struct uk_lru *l = malloc(sizeof(*l));

	if (!l || uk_hashmap_init(&l->map, 16)) {
		free(l);
		return NULL;
	}
	uk_list_init(&l->order);
	l->limit = limit;
	l->used = 0;
	l->evict = evict;
	return l;
}

static void drop(struct uk_lru *l, struct entry *e)
{
	uk_hashmap_del(&l->map, e->key, strlen(e->key));
	uk_list_del(&e->link);
	l->used -= e->cost;
	if (l->evict)
		l->evict(e->key, e->value);
	free(e);
}

int uk_lru_put(struct uk_lru *l, const char *key, void *value, size_t cost)
{
	size_t n = strlen(key);
	struct entry *e = uk_hashmap_get(&l->map, key, n);

	if (cost > l->limit)
		return -E2BIG;
	if (e)
		drop(l, e);
	while (l->used + cost > l->limit)
		drop(l, uk_list_entry(l->order.prev, struct entry, link));
	e = malloc(sizeof(*e) + n + 1);
	if (!e)
		return -ENOMEM;
	memcpy(e->key, key, n + 1);
	e->value = value;
	e->cost = cost;
	if (uk_hashmap_put(&l->map, key, n, e, NULL)) {
		free(e);
		return -ENOMEM;
	}
	uk_list_add(&e->link, &l->order);
	l->used += cost;
	return 0;
}

void *uk_lru_get(struct uk_lru *l, const char *key)
{
	struct entry *e = uk_hashmap_get(&l->map, key, strlen(key));

	if (!e)
		return NULL;
	uk_list_del(&e->link);
	uk_list_add(&e->link, &l->order);
	return e->value;
}

size_t uk_lru_count(const struct uk_lru *l)
{
	return l->map.count;
}

void uk_lru_free(struct uk_lru *l)
{
	while (!uk_list_empty(&l->order))
		drop(l, uk_list_entry(l->order.next, struct entry, link));
	uk_hashmap_free(&l->map, NULL);
	free(l);
}
