/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include "kv_priv.h"

static struct kv__value *get(struct kv *kv, const struct kv_args *a)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);

	return v && v->type == KV_ZSET ? v : NULL;
}

KV_COMMAND(zadd, 3, 15, 1)
{
	struct kv__value *v = kv__make(kv, a->v[1], a->n[1], KV_ZSET);
	int64_t score;
	int i, added = 0;

	if (!v) {
		uk_strbuf_puts(out, "-WRONGTYPE value is no sorted set\r\n");
		return;
	}
	for (i = 2; i + 1 < a->argc; i += 2) {
		if (kv__integer(a->v[i], a->n[i], &score)) {
			resp_error(out, "score is not an integer");
			return;
		}
		added += kv__zset_add(v, a->v[i + 1], a->n[i + 1], score) > 0;
	}
	resp_int(out, added);
}

KV_COMMAND(zrem, 2, 15, 1)
{
	struct kv__value *v = get(kv, a);
	int i, n = 0;

	for (i = 2; v && i < a->argc; i++)
		n += kv__zset_del(v, a->v[i], a->n[i]);
	if (v && !v->tree.count)
		kv__del(kv, a->v[1], a->n[1]);
	resp_int(out, n);
}

KV_COMMAND(zscore, 2, 2, 0)
{
	struct kv__value *v = get(kv, a);
	struct kv__member *m = v ? uk_hashmap_get(&v->members, a->v[2], a->n[2]) : NULL;

	if (m)
		resp_int(out, m->score);
	else
		resp_nil(out);
}

KV_COMMAND(zcard, 1, 1, 0)
{
	struct kv__value *v = get(kv, a);

	resp_int(out, v ? (int64_t)v->tree.count : 0);
}

KV_COMMAND(zrank, 2, 2, 0)
{
	struct kv__value *v = get(kv, a);
	struct uk_rbnode *n;
	int64_t rank = 0;

	for (n = v ? uk_rb_first(&v->tree) : NULL; n; n = uk_rb_next(n), rank++) {
		struct kv__member *m = container_of(n, struct kv__member, rb);

		if (m->len == a->n[2] && !memcmp(m->name, a->v[2], m->len)) {
			resp_int(out, rank);
			return;
		}
	}
	resp_nil(out);
}

/* ZRANGE key from to: by rank, with scores */
KV_COMMAND(zrange, 3, 3, 0)
{
	struct kv__value *v = get(kv, a);
	int64_t from, to, i = 0, count = v ? (int64_t)v->tree.count : 0;
	struct uk_rbnode *n;

	if (kv__integer(a->v[2], a->n[2], &from) || kv__integer(a->v[3], a->n[3], &to)) {
		resp_error(out, "not an integer");
		return;
	}
	from = from < 0 ? MAX(count + from, 0) : from;
	to = MIN(to < 0 ? count + to : to, count - 1);
	resp_array(out, from > to ? 0 : (int)(to - from + 1) * 2);
	for (n = v ? uk_rb_first(&v->tree) : NULL; n; n = uk_rb_next(n), i++) {
		struct kv__member *m = container_of(n, struct kv__member, rb);

		if (i < from || i > to)
			continue;
		resp_bulk(out, m->name, m->len);
		resp_int(out, m->score);
	}
}
