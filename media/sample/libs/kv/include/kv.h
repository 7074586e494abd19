/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <uk/coll.h>

/* A store of named values: strings, lists and sorted sets; every change can be
 * written to a log and played back. */
enum kv_type { KV_STRING, KV_LIST, KV_ZSET };

struct kv;
struct kv *kv_new(void);
void kv_free(struct kv *kv);
size_t kv_count(const struct kv *kv);
/* Time is given by the caller, so that expiry can be tested. */
void kv_set_time(struct kv *kv, int64_t now);
int kv_set_log(struct kv *kv, struct uk_strbuf *log);
int kv_replay(struct kv *kv, const char *log, size_t n);
size_t kv_expire_cycle(struct kv *kv);

/* RESP, the protocol: a command is an array of bulk strings. */
struct kv_args {
	const char *v[16];
	size_t n[16];
	int argc;
};
/* bytes used, 0 incomplete, -1 bad */
long resp_parse(const char *s, size_t n, struct kv_args *a);
void resp_command(struct uk_strbuf *out, const char *line);
void resp_simple(struct uk_strbuf *out, const char *s);
void resp_error(struct uk_strbuf *out, const char *s);
void resp_int(struct uk_strbuf *out, int64_t v);
void resp_bulk(struct uk_strbuf *out, const void *s, size_t n);
void resp_nil(struct uk_strbuf *out);
void resp_array(struct uk_strbuf *out, int n);
/* An answer in one readable line; gives its length. */
long resp_format(const char *s, size_t n, struct uk_strbuf *out);

void kv_execute(struct kv *kv, const struct kv_args *a, struct uk_strbuf *out);
int kv_command_count(void);
