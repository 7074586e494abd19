/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <json.h>
#include <stdlib.h>
#include <string.h>

/* One token of the path, with ~0 and ~1 resolved. */
static const char *token(const char *path, char *out, size_t cap)
{
	size_t n = 0;

	for (; *path && *path != '/'; path++) {
		char c = *path;

		if (c == '~' && (path[1] == '0' || path[1] == '1'))
			c = *++path == '0' ? '~' : '/';
		if (n + 1 < cap)
			out[n++] = c;
	}
	out[n] = 0;
	return path;
}

struct json *json_pointer(const struct json *v, const char *path)
{
	char key[128], *end;
	unsigned long i;

	while (v && *path == '/') {
		path = token(path + 1, key, sizeof(key));
		if (v->type == JSON_OBJECT) {
			v = json_get(v, key);
		} else if (v->type == JSON_ARRAY) {
			i = strtoul(key, &end, 10);
			v = !*key || *end || (key[0] == '0' && key[1]) ? NULL : json_at(v, i);
		} else {
			v = NULL;
		}
	}
	return *path ? NULL : (struct json *)v;
}

struct json *json_merge(struct json *target, const struct json *patch)
{
	size_t i;

	if (patch->type != JSON_OBJECT) {
		json_free(target);
		return json_copy(patch);
	}
	if (!target || target->type != JSON_OBJECT) {
		json_free(target);
		target = json_new(JSON_OBJECT);
	}
	for (i = 0; i < patch->list.n; i++) {
		const char *key = patch->list.keys[i];
		const struct json *p = patch->list.items[i];
		struct json *old = json_get(target, key);

		if (p->type == JSON_NULL)
			json_remove(target, key);
		else
			json_set(target, key, json_merge(old ? json_copy(old) : NULL, p));
	}
	return target;
}
