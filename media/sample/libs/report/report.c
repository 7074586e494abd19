/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>
#include <json.h>
#include <report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report_priv.h"

struct report {
	struct json *root;
	int secrets;
};

struct report *report_new(const char *name)
{
	struct report *r = malloc(sizeof(*r));

	if (!r)
		return NULL;
	r->root = json_new(JSON_OBJECT);
	r->secrets = 0;
	json_set(r->root, "name", json_string(name, strlen(name)));
	return r;
}

void report_int(struct report *r, const char *key, long value)
{
	if (r)
		json_set(r->root, key, json_int(value));
}

/* A key that is used again collects its texts in a list. */
void report_text(struct report *r, const char *key, const char *text)
{
	struct uk_strbuf clean;
	struct json *old, *list, *item;
	int n;

	if (!r)
		return;
	uk_strbuf_init(&clean);
	n = report__redact(text, &clean);
	if (n > 0)
		r->secrets += n;
	item = json_string(clean.s, clean.len);
	uk_strbuf_free(&clean);
	old = json_get(r->root, key);
	if (!old) {
		json_set(r->root, key, item);
	} else if (old->type == JSON_ARRAY) {
		json_append(old, item);
	} else {
		list = json_new(JSON_ARRAY);
		json_append(list, json_copy(old));
		json_append(list, item);
		json_set(r->root, key, list);
	}
}

/* What arrives is parsed again and must be equal. */
static int is_same(const struct json *root, const uint8_t *packed, long n)
{
	struct json_error err;
	struct json *back;
	char *text;
	long len = n < 0 ? n : report__unpack(packed, (size_t)n, &text);
	int same;

	if (len < 0)
		return 0;
	back = json_parse(text, (size_t)len, &err);
	same = back && json_equal(root, back) && json_pointer(back, "/name");
	json_free(back);
	free(text);
	return same;
}

int report_send(struct report *r)
{
	uint8_t *packed = NULL;
	char *text = NULL, head[48];
	long len, n;
	int same;

	if (!r)
		return -1;
	json_set(r->root, "secrets", json_int(r->secrets));
	json_sort_keys(r->root);
	len = json_print(r->root, 2, &text);
	n = len < 0 ? len : report__pack(text, (size_t)len, &packed);
	same = is_same(r->root, packed, n);
	printf("report %s\n", text);
	base64_encode(packed, n < 30 ? 0 : 30, head, sizeof(head), 1);
	printf("report of %ld bytes, %ld packed (%s...), comes back %s\n", len, n, head,
	       same ? "the same" : "DAMAGED");
	free(packed);
	free(text);
	json_free(r->root);
	free(r);
	return same ? 0 : -1;
}
