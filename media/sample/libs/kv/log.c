/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include "kv_priv.h"

int kv_set_log(struct kv *kv, struct uk_strbuf *log)
{
	kv->log = log;
	return 0;
}

/* Commands that were played, or how far the log is good, as a negative. */
int kv_replay(struct kv *kv, const char *log, size_t n)
{
	struct uk_strbuf *keep = kv->log, sink;
	struct kv_args a;
	size_t at = 0;
	int count = 0;
	long k;

	uk_strbuf_init(&sink);
	kv->log = NULL;
	while (at < n) {
		k = resp_parse(log + at, n - at, &a);
		if (k <= 0) {
			count = -count - 1;
			break;
		}
		sink.len = 0;
		kv_execute(kv, &a, &sink);
		at += (size_t)k;
		count++;
	}
	kv->log = keep;
	uk_strbuf_free(&sink);
	return count;
}
