/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "kv_priv.h"

struct kv *kv_new(void)
{
	struct kv *kv = calloc(1, sizeof(*kv));

	if (!kv || uk_hashmap_init(&kv->map, 32)) {
		free(kv);
		return NULL;
	}
	return kv;
}

static void free_member(void *p)
{
	struct kv__member *m = p;

	free(m->name);
	free(m);
}

void kv__value_free(void *p)
{
	struct kv__value *v = p;

	if (!v)
		return;
	switch (v->type) {
	case KV_STRING:
		uk_strbuf_free(&v->str);
		break;
	case KV_LIST:
		while (!uk_list_empty(&v->list)) {
			struct kv__node *n = uk_list_first_entry(&v->list, struct kv__node, link);

			uk_list_del(&n->link);
			free(n);
		}
		break;
	case KV_ZSET:
		uk_hashmap_free(&v->members, free_member);
		break;
	}
	free(v);
}

void kv_free(struct kv *kv)
{
	uk_hashmap_free(&kv->map, kv__value_free);
	free(kv);
}

size_t kv_count(const struct kv *kv)
{
	return kv->map.count;
}

void kv_set_time(struct kv *kv, int64_t now)
{
	kv->now = now;
}

struct kv__value *kv__get(struct kv *kv, const char *key, size_t n)
{
	struct kv__value *v = uk_hashmap_get(&kv->map, key, n);

	if (v && v->expires && v->expires <= kv->now) {
		kv__del(kv, key, n);
		kv->expired++;
		v = NULL;
	}
	if (v)
		kv->hits++;
	else
		kv->misses++;
	return v;
}

static int by_score(const struct uk_rbnode *a, const struct uk_rbnode *b)
{
	const struct kv__member *x = container_of(a, struct kv__member, rb);
	const struct kv__member *y = container_of(b, struct kv__member, rb);
	size_t n = x->len < y->len ? x->len : y->len;
	int c;

	if (x->score != y->score)
		return x->score < y->score ? -1 : 1;
	c = memcmp(x->name, y->name, n);
	return c ? c : x->len < y->len ? -1 : x->len > y->len;
}

struct kv__value *kv__make(struct kv *kv, const char *key, size_t n, enum kv_type type)
{
	struct kv__value *v = kv__get(kv, key, n);

	if (v)
		return v->type == type ? v : NULL;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->type = type;
	uk_list_init(&v->list);
	if (type == KV_ZSET) {
		uk_rb_init(&v->tree, by_score);
		uk_hashmap_init(&v->members, 8);
	}
	if (uk_hashmap_put(&kv->map, key, n, v, NULL)) {
		kv__value_free(v);
		return NULL;
	}
	return v;
}

int kv__del(struct kv *kv, const char *key, size_t n)
{
	struct kv__value *v = uk_hashmap_del(&kv->map, key, n);

	kv__value_free(v);
	return v != NULL;
}

int kv__zset_add(struct kv__value *v, const char *name, size_t n, int64_t score)
{
	struct kv__member *m = uk_hashmap_get(&v->members, name, n);

	if (m) {
		if (m->score != score) {
			uk_rb_remove(&v->tree, &m->rb);
			m->score = score;
			uk_rb_insert(&v->tree, &m->rb);
		}
		return 0;
	}
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->name = malloc(n + 1);
	memcpy(m->name, name, n);
	m->name[n] = 0;
	m->len = n;
	m->score = score;
	uk_hashmap_put(&v->members, name, n, m, NULL);
	uk_rb_insert(&v->tree, &m->rb);
	return 1;
}

int kv__zset_del(struct kv__value *v, const char *name, size_t n)
{
	struct kv__member *m = uk_hashmap_del(&v->members, name, n);

	if (!m)
		return 0;
	uk_rb_remove(&v->tree, &m->rb);
	free_member(m);
	return 1;
}

static int collect(const void *key, size_t n, void *value, void *arg)
{
	struct kv__value *v = value;
	struct {
		struct kv *kv;
		char keys[16][64];
		size_t len[16];
		int n;
	} *c = arg;

	if (v->expires && v->expires <= c->kv->now && n < 64 && c->n < 16) {
		memcpy(c->keys[c->n], key, n);
		c->len[c->n++] = n;
	}
	return c->n == 16;
}

/* At most sixteen keys at once, so that no request waits long. */
size_t kv_expire_cycle(struct kv *kv)
{
	struct {
		struct kv *kv;
		char keys[16][64];
		size_t len[16];
		int n;
	} c = { .kv = kv };
	int i;

	uk_hashmap_each(&kv->map, collect, &c);
	for (i = 0; i < c.n; i++)
		kv__del(kv, c.keys[i], c.len[i]);
	kv->expired += (unsigned long)c.n;
	return (size_t)c.n;
}
