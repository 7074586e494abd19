/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <kv.h>
#include <uk/list.h>

struct kv__node {
	struct uk_list_head link;
	size_t len;
	char data[];
};
struct kv__member {
	struct uk_rbnode rb;
	int64_t score;
	size_t len;
	char *name;
};
struct kv__value {
	enum kv_type type;
	int64_t expires;
	struct uk_strbuf str;
	struct uk_list_head list;
	size_t count;
	struct uk_rbtree tree;	   /* by score, then name */
	struct uk_hashmap members; /* by name */
};
struct kv {
	struct uk_hashmap map;
	int64_t now;
	struct uk_strbuf *log;
	unsigned long hits, misses, expired;
};
struct kv__value *kv__get(struct kv *kv, const char *key, size_t n);
struct kv__value *kv__make(struct kv *kv, const char *key, size_t n, enum kv_type type);
int kv__del(struct kv *kv, const char *key, size_t n);
void kv__value_free(void *v);
int kv__integer(const char *s, size_t n, int64_t *v);
int kv__zset_add(struct kv__value *v, const char *name, size_t n, int64_t score);
int kv__zset_del(struct kv__value *v, const char *name, size_t n);

/* Commands register themselves in a section with a C name, so the linker gives
 * its bounds as __start_kv_commands and __stop_kv_commands. */
struct kv__command {
	const char *name;
	int min, max;
	int writes;
	void (*fn)(struct kv *kv, const struct kv_args *a, struct uk_strbuf *out);
};
#define KV_COMMAND(n, lo, hi, wr) \
	static void cmd_##n(struct kv *kv, const struct kv_args *a, struct uk_strbuf *out); \
	static const struct kv__command *const kv__reg_##n __used __section("kv_commands") = \
		&(const struct kv__command){ #n, lo, hi, wr, cmd_##n }; \
	static void cmd_##n(struct kv *kv __unused, const struct kv_args *a __unused, \
			    struct uk_strbuf *out)
