/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdlib.h>
#include <string.h>
#include "kv_priv.h"

static void wrong_type(struct uk_strbuf *out)
{
	uk_strbuf_puts(out, "-WRONGTYPE value is no list\r\n");
}

static void push(struct kv *kv, const struct kv_args *a, int left, struct uk_strbuf *out)
{
	struct kv__value *v = kv__make(kv, a->v[1], a->n[1], KV_LIST);
	int i;

	if (!v) {
		wrong_type(out);
		return;
	}
	for (i = 2; i < a->argc; i++) {
		struct kv__node *n = malloc(sizeof(*n) + a->n[i]);

		if (!n)
			break;
		n->len = a->n[i];
		memcpy(n->data, a->v[i], n->len);
		if (left)
			uk_list_add(&n->link, &v->list);
		else
			uk_list_add_tail(&n->link, &v->list);
		v->count++;
	}
	resp_int(out, (int64_t)v->count);
}

static void pop(struct kv *kv, const struct kv_args *a, int left, struct uk_strbuf *out)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);
	struct kv__node *n;

	if (!v) {
		resp_nil(out);
		return;
	}
	if (v->type != KV_LIST) {
		wrong_type(out);
		return;
	}
	n = uk_list_entry(left ? v->list.next : v->list.prev, struct kv__node, link);
	uk_list_del(&n->link);
	resp_bulk(out, n->data, n->len);
	free(n);
	if (!--v->count)
		kv__del(kv, a->v[1], a->n[1]);
}

KV_COMMAND(lpush, 2, 15, 1)
{
	push(kv, a, 1, out);
}

KV_COMMAND(rpush, 2, 15, 1)
{
	push(kv, a, 0, out);
}

KV_COMMAND(lpop, 1, 1, 1)
{
	pop(kv, a, 1, out);
}

KV_COMMAND(rpop, 1, 1, 1)
{
	pop(kv, a, 0, out);
}

KV_COMMAND(llen, 1, 1, 0)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);

	resp_int(out, v && v->type == KV_LIST ? (int64_t)v->count : 0);
}

KV_COMMAND(lrange, 3, 3, 0)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);
	struct kv__node *n;
	int64_t from, to, i = 0, count;

	if (kv__integer(a->v[2], a->n[2], &from) || kv__integer(a->v[3], a->n[3], &to)) {
		resp_error(out, "not an integer");
		return;
	}
	if (v && v->type != KV_LIST) {
		wrong_type(out);
		return;
	}
	count = v ? (int64_t)v->count : 0;
	from = from < 0 ? MAX(count + from, 0) : from;
	to = MIN(to < 0 ? count + to : to, count - 1);
	resp_array(out, from > to ? 0 : (int)(to - from + 1));
	if (!v)
		return;
	uk_list_for_each_entry(n, &v->list, link) {
		if (i >= from && i <= to)
			resp_bulk(out, n->data, n->len);
		i++;
	}
}
