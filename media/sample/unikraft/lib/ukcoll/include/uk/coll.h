/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Byte strings to pointers; open addressing with backward-shift deletion. */
struct uk_hashmap {
	struct uk_hashmap_slot *slots;
	size_t cap, count;
	uint64_t seed;
};
int uk_hashmap_init(struct uk_hashmap *m, size_t hint);
void uk_hashmap_free(struct uk_hashmap *m, void (*fn)(void *value));
int uk_hashmap_put(struct uk_hashmap *m, const void *key, size_t n, void *value, void **old);
void *uk_hashmap_get(const struct uk_hashmap *m, const void *key, size_t n);
void *uk_hashmap_del(struct uk_hashmap *m, const void *key, size_t n);
int uk_hashmap_each(const struct uk_hashmap *m,
		    int (*fn)(const void *key, size_t n, void *value, void *arg), void *arg);
unsigned int uk_hashmap_longest_probe(const struct uk_hashmap *m);

/* Red-black tree of nodes inside the caller's structures. */
struct uk_rbnode {
	struct uk_rbnode *child[2], *parent;
	int red;
};
struct uk_rbtree {
	struct uk_rbnode *root;
	int (*cmp)(const struct uk_rbnode *a, const struct uk_rbnode *b);
	size_t count;
};
void uk_rb_init(struct uk_rbtree *t,
		int (*cmp)(const struct uk_rbnode *a, const struct uk_rbnode *b));
struct uk_rbnode *uk_rb_insert(struct uk_rbtree *t, struct uk_rbnode *n);
void uk_rb_remove(struct uk_rbtree *t, struct uk_rbnode *n);
struct uk_rbnode *uk_rb_find(const struct uk_rbtree *t, const struct uk_rbnode *key);
struct uk_rbnode *uk_rb_first(const struct uk_rbtree *t);
struct uk_rbnode *uk_rb_next(const struct uk_rbnode *n);
/* Black height, or -1 where a rule of the tree is broken. */
int uk_rb_check(const struct uk_rbtree *t);

struct uk_strbuf {
	char *s;
	size_t len, cap;
	int failed;
};
void uk_strbuf_init(struct uk_strbuf *b);
void uk_strbuf_free(struct uk_strbuf *b);
void uk_strbuf_put(struct uk_strbuf *b, const void *s, size_t n);
void uk_strbuf_puts(struct uk_strbuf *b, const char *s);
void uk_strbuf_putc(struct uk_strbuf *b, char c);
void uk_strbuf_printf(struct uk_strbuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void uk_strbuf_cut(struct uk_strbuf *b, size_t at, size_t n);
size_t uk_strbuf_replace(struct uk_strbuf *b, const char *from, const char *to);

struct uk_bitmap {
	uint64_t *w;
	size_t bits;
};
int uk_bitmap_init(struct uk_bitmap *b, size_t bits);
void uk_bitmap_free(struct uk_bitmap *b);
void uk_bitmap_set(struct uk_bitmap *b, size_t from, size_t n);
void uk_bitmap_clear(struct uk_bitmap *b, size_t from, size_t n);
int uk_bitmap_test(const struct uk_bitmap *b, size_t i);
long uk_bitmap_find_run(const struct uk_bitmap *b, size_t n, size_t from);
size_t uk_bitmap_count(const struct uk_bitmap *b);

struct uk_pqueue {
	struct {
		int64_t key;
		void *value;
	} *e;
	size_t n, cap;
};
int uk_pqueue_push(struct uk_pqueue *q, int64_t key, void *value);
int uk_pqueue_pop(struct uk_pqueue *q, int64_t *key, void **value);
void uk_pqueue_free(struct uk_pqueue *q);

/* Least recently used values, by key, with a limit of cost. */
struct uk_lru;
struct uk_lru *uk_lru_create(size_t limit, void (*evict)(const char *key, void *value));
int uk_lru_put(struct uk_lru *l, const char *key, void *value, size_t cost);
void *uk_lru_get(struct uk_lru *l, const char *key);
size_t uk_lru_count(const struct uk_lru *l);
void uk_lru_free(struct uk_lru *l);
