/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <errno.h>
#include <hash.h>
#include <stdlib.h>
#include <string.h>
#include "kv_priv.h"

extern const struct kv__command *const __start_kv_commands[], *const __stop_kv_commands[];

int kv__integer(const char *s, size_t n, int64_t *v)
{
	char buf[24], *end;

	if (!n || n >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, s, n);
	buf[n] = 0;
	errno = 0;
	*v = strtol(buf, &end, 10);
	return *end || errno ? -EINVAL : 0;
}

int kv_command_count(void)
{
	return (int)(__stop_kv_commands - __start_kv_commands);
}

void kv_execute(struct kv *kv, const struct kv_args *a, struct uk_strbuf *out)
{
	const struct kv__command *const *c;
	size_t before;

	for (c = __start_kv_commands; c < __stop_kv_commands; c++) {
		if (strlen((*c)->name) != a->n[0] || strncasecmp((*c)->name, a->v[0], a->n[0]))
			continue;
		if (a->argc - 1 < (*c)->min || ((*c)->max >= 0 && a->argc - 1 > (*c)->max)) {
			resp_error(out, "wrong number of arguments");
			return;
		}
		before = out->len;
		(*c)->fn(kv, a, out);
		if (kv->log && (*c)->writes && out->s[before] != '-') {
			int i;

			resp_array(kv->log, a->argc);
			for (i = 0; i < a->argc; i++)
				resp_bulk(kv->log, a->v[i], a->n[i]);
		}
		return;
	}
	resp_error(out, "unknown command");
}

static void wrong_type(struct uk_strbuf *out)
{
	uk_strbuf_puts(out, "-WRONGTYPE value is of another kind\r\n");
}

KV_COMMAND(ping, 0, 1, 0)
{
	if (a->argc > 1)
		resp_bulk(out, a->v[1], a->n[1]);
	else
		resp_simple(out, "PONG");
}

/* SET key value [EX seconds] [NX|XX] */
KV_COMMAND(set, 2, 5, 1)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);
	int64_t ttl = 0;
	int i;

	for (i = 3; i < a->argc; i++) {
		if (a->n[i] == 2 && !strncasecmp(a->v[i], "NX", 2)) {
			if (v) {
				resp_nil(out);
				return;
			}
		} else if (a->n[i] == 2 && !strncasecmp(a->v[i], "XX", 2)) {
			if (!v) {
				resp_nil(out);
				return;
			}
		} else if (a->n[i] == 2 && !strncasecmp(a->v[i], "EX", 2) && i + 1 < a->argc) {
			if (kv__integer(a->v[i + 1], a->n[i + 1], &ttl) || ttl <= 0) {
				resp_error(out, "bad expiry");
				return;
			}
			i++;
		} else {
			resp_error(out, "syntax");
			return;
		}
	}
	if (v && v->type != KV_STRING)
		kv__del(kv, a->v[1], a->n[1]);
	v = kv__make(kv, a->v[1], a->n[1], KV_STRING);
	v->str.len = 0;
	uk_strbuf_put(&v->str, a->v[2], a->n[2]);
	v->expires = ttl ? kv->now + ttl : 0;
	resp_simple(out, "OK");
}

KV_COMMAND(get, 1, 1, 0)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);

	if (!v)
		resp_nil(out);
	else if (v->type != KV_STRING)
		wrong_type(out);
	else
		resp_bulk(out, v->str.s ? v->str.s : "", v->str.len);
}

KV_COMMAND(mget, 1, 15, 0)
{
	int i;

	resp_array(out, a->argc - 1);
	for (i = 1; i < a->argc; i++) {
		struct kv__value *v = kv__get(kv, a->v[i], a->n[i]);

		if (v && v->type == KV_STRING)
			resp_bulk(out, v->str.s, v->str.len);
		else
			resp_nil(out);
	}
}

KV_COMMAND(del, 1, 15, 1)
{
	int i, n = 0;

	for (i = 1; i < a->argc; i++)
		n += kv__del(kv, a->v[i], a->n[i]);
	resp_int(out, n);
}

KV_COMMAND(exists, 1, 15, 0)
{
	int i, n = 0;

	for (i = 1; i < a->argc; i++)
		n += kv__get(kv, a->v[i], a->n[i]) != NULL;
	resp_int(out, n);
}

static void add(struct kv *kv, const struct kv_args *a, int64_t by, struct uk_strbuf *out)
{
	struct kv__value *v = kv__make(kv, a->v[1], a->n[1], KV_STRING);
	int64_t n = 0;

	if (!v) {
		wrong_type(out);
		return;
	}
	if ((v->str.len && kv__integer(v->str.s, v->str.len, &n)) || __builtin_add_overflow(n, by, &n)) {
		resp_error(out, "value is not an integer or out of range");
		return;
	}
	v->str.len = 0;
	uk_strbuf_printf(&v->str, "%ld", n);
	resp_int(out, n);
}

KV_COMMAND(incr, 1, 1, 1)
{
	add(kv, a, 1, out);
}

KV_COMMAND(decr, 1, 1, 1)
{
	add(kv, a, -1, out);
}

KV_COMMAND(incrby, 2, 2, 1)
{
	int64_t by;

	if (kv__integer(a->v[2], a->n[2], &by))
		resp_error(out, "not an integer");
	else
		add(kv, a, by, out);
}

KV_COMMAND(append, 2, 2, 1)
{
	struct kv__value *v = kv__make(kv, a->v[1], a->n[1], KV_STRING);

	if (!v) {
		wrong_type(out);
		return;
	}
	uk_strbuf_put(&v->str, a->v[2], a->n[2]);
	resp_int(out, (int64_t)v->str.len);
}

KV_COMMAND(strlen, 1, 1, 0)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);

	resp_int(out, v && v->type == KV_STRING ? (int64_t)v->str.len : 0);
}

KV_COMMAND(expire, 2, 2, 1)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);
	int64_t s;

	if (kv__integer(a->v[2], a->n[2], &s)) {
		resp_error(out, "not an integer");
		return;
	}
	if (v)
		v->expires = kv->now + s;
	resp_int(out, v != NULL);
}

KV_COMMAND(ttl, 1, 1, 0)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);

	resp_int(out, !v ? -2 : v->expires ? v->expires - kv->now : -1);
}

KV_COMMAND(type, 1, 1, 0)
{
	static const char *const names[] = { "string", "list", "zset" };
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);

	resp_simple(out, v ? names[v->type] : "none");
}

KV_COMMAND(dbsize, 0, 0, 0)
{
	resp_int(out, (int64_t)kv->map.count);
}

KV_COMMAND(info, 0, 0, 0)
{
	struct uk_strbuf b;

	uk_strbuf_init(&b);
	uk_strbuf_printf(&b, "keys=%zu hits=%lu misses=%lu expired=%lu", kv->map.count, kv->hits,
			 kv->misses, kv->expired);
	resp_bulk(out, b.s, b.len);
	uk_strbuf_free(&b);
}

KV_COMMAND(digest, 1, 1, 0)
{
	struct kv__value *v = kv__get(kv, a->v[1], a->n[1]);

	if (v && v->type == KV_STRING)
		resp_int(out, crc32(0, v->str.s, v->str.len));
	else
		resp_nil(out);
}
