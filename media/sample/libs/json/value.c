/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>

struct json *json_new(enum json_type t)
{
	struct json *v = calloc(1, sizeof(*v));

	if (v)
		v->type = t;
	return v;
}

struct json *json_int(int64_t i)
{
	struct json *v = json_new(JSON_INT);

	if (v)
		v->integer = i;
	return v;
}

struct json *json_bool(int b)
{
	struct json *v = json_new(JSON_BOOL);

	if (v)
		v->boolean = !!b;
	return v;
}

struct json *json_string(const char *s, size_t n)
{
	struct json *v = json_new(JSON_STRING);

	if (!v)
		return NULL;
	v->str.s = malloc(n + 1);
	if (!v->str.s) {
		free(v);
		return NULL;
	}
	memcpy(v->str.s, s, n);
	v->str.s[n] = 0;
	v->str.len = n;
	return v;
}

void json_free(struct json *v)
{
	size_t i;

	if (!v)
		return;
	switch (v->type) {
	case JSON_STRING:
		free(v->str.s);
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
		for (i = 0; i < v->list.n; i++) {
			json_free(v->list.items[i]);
			if (v->list.keys)
				free(v->list.keys[i]);
		}
		free(v->list.items);
		free(v->list.keys);
		break;
	default:
		break;
	}
	free(v->text);
	free(v);
}

static int grow(struct json *v)
{
	size_t cap = v->list.cap ? v->list.cap * 2 : 4;
	void *items, *keys;

	if (v->list.n < v->list.cap)
		return 0;
	items = realloc(v->list.items, cap * sizeof(void *));
	if (!items)
		return -ENOMEM;
	v->list.items = items;
	if (v->type == JSON_OBJECT) {
		keys = realloc(v->list.keys, cap * sizeof(void *));
		if (!keys)
			return -ENOMEM;
		v->list.keys = keys;
	}
	v->list.cap = cap;
	return 0;
}

int json_append(struct json *array, struct json *item)
{
	if (array->type != JSON_ARRAY || !item)
		return -EINVAL;
	if (grow(array))
		return -ENOMEM;
	array->list.items[array->list.n++] = item;
	return 0;
}

static long find(const struct json *v, const char *key)
{
	size_t i;

	for (i = 0; v->type == JSON_OBJECT && i < v->list.n; i++)
		if (!strcmp(v->list.keys[i], key))
			return (long)i;
	return -1;
}

int json_set(struct json *object, const char *key, struct json *item)
{
	long at;

	if (object->type != JSON_OBJECT || !item)
		return -EINVAL;
	at = find(object, key);
	if (at >= 0) {
		json_free(object->list.items[at]);
		object->list.items[at] = item;
		return 0;
	}
	if (grow(object))
		return -ENOMEM;
	object->list.keys[object->list.n] = strdup(key);
	object->list.items[object->list.n++] = item;
	return 0;
}

struct json *json_get(const struct json *object, const char *key)
{
	long at = find(object, key);

	return at < 0 ? NULL : object->list.items[at];
}

struct json *json_at(const struct json *array, size_t i)
{
	return i < json_size(array) ? array->list.items[i] : NULL;
}

int json_remove(struct json *v, const char *key)
{
	long at = find(v, key);
	size_t rest;

	if (at < 0)
		return -ENOENT;
	json_free(v->list.items[at]);
	free(v->list.keys[at]);
	rest = --v->list.n - (size_t)at;
	memmove(&v->list.items[at], &v->list.items[at + 1], rest * sizeof(void *));
	memmove(&v->list.keys[at], &v->list.keys[at + 1], rest * sizeof(void *));
	return 0;
}

size_t json_size(const struct json *v)
{
	return v->type == JSON_ARRAY || v->type == JSON_OBJECT ? v->list.n : 0;
}

int json_equal(const struct json *a, const struct json *b)
{
	size_t i;

	if (a->type != b->type)
		return 0;
	switch (a->type) {
	case JSON_NULL:
		return 1;
	case JSON_BOOL:
		return a->boolean == b->boolean;
	case JSON_INT:
		return a->integer == b->integer;
	case JSON_NUMBER:
		return !strcmp(a->text, b->text);
	case JSON_STRING:
		return a->str.len == b->str.len && !memcmp(a->str.s, b->str.s, a->str.len);
	case JSON_ARRAY:
		if (a->list.n != b->list.n)
			return 0;
		for (i = 0; i < a->list.n; i++)
			if (!json_equal(a->list.items[i], b->list.items[i]))
				return 0;
		return 1;
	case JSON_OBJECT:
		if (a->list.n != b->list.n)
			return 0;
		for (i = 0; i < a->list.n; i++) {
			const struct json *other = json_get(b, a->list.keys[i]);

			if (!other || !json_equal(a->list.items[i], other))
				return 0;
		}
		return 1;
	}
	return 0;
}

struct json *json_copy(const struct json *v)
{
	struct json *c;
	size_t i;

	if (v->type == JSON_STRING)
		return json_string(v->str.s, v->str.len);
	c = json_new(v->type);
	if (!c)
		return NULL;
	switch (v->type) {
	case JSON_BOOL:
		c->boolean = v->boolean;
		break;
	case JSON_INT:
		c->integer = v->integer;
		break;
	case JSON_NUMBER:
		c->text = strdup(v->text);
		break;
	case JSON_ARRAY:
		for (i = 0; i < v->list.n; i++)
			json_append(c, json_copy(v->list.items[i]));
		break;
	case JSON_OBJECT:
		for (i = 0; i < v->list.n; i++)
			json_set(c, v->list.keys[i], json_copy(v->list.items[i]));
		break;
	default:
		break;
	}
	return c;
}

/* Insertion sort: objects are small and often in order already. */
void json_sort_keys(struct json *v)
{
	size_t i, j;

	for (i = 0; i < json_size(v); i++)
		json_sort_keys(v->list.items[i]);
	if (v->type != JSON_OBJECT)
		return;
	for (i = 1; i < v->list.n; i++) {
		char *k = v->list.keys[i];
		struct json *item = v->list.items[i];

		for (j = i; j && strcmp(v->list.keys[j - 1], k) > 0; j--) {
			v->list.keys[j] = v->list.keys[j - 1];
			v->list.items[j] = v->list.items[j - 1];
		}
		v->list.keys[j] = k;
		v->list.items[j] = item;
	}
}
