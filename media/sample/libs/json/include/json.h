/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
	enum json_type type;
	union {
		int boolean;
		int64_t integer;
		struct {
			char *s;
			size_t len;
		} str;
		struct {
			struct json **items;
			char **keys; /* objects only */
			size_t n, cap;
		} list;
	};
	char *text; /* a number as it was written, where it is no integer */
};

struct json *json_new(enum json_type t);
struct json *json_int(int64_t v);
struct json *json_bool(int v);
struct json *json_string(const char *s, size_t n);
void json_free(struct json *v);
struct json *json_copy(const struct json *v);
int json_append(struct json *array, struct json *item);
int json_set(struct json *object, const char *key, struct json *item);
struct json *json_get(const struct json *object, const char *key);
struct json *json_at(const struct json *array, size_t i);
int json_remove(struct json *v, const char *key);
size_t json_size(const struct json *v);
int json_equal(const struct json *a, const struct json *b);
void json_sort_keys(struct json *v);

struct json_error {
	size_t line, column;
	const char *what;
};
struct json *json_parse(const char *s, size_t n, struct json_error *err);
/* indent < 0 is compact; gives the length, allocates *out */
long json_print(const struct json *v, int indent, char **out);

/* RFC 6901 pointers, RFC 7396 merge patches */
struct json *json_pointer(const struct json *v, const char *path);
struct json *json_merge(struct json *target, const struct json *patch);
/* Calls fn for every difference, with its pointer. */
int json_diff(const struct json *a, const struct json *b,
	      void (*fn)(const char *path, const struct json *a, const struct json *b, void *arg),
	      void *arg);
