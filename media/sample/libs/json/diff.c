/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <json.h>
#include <stdio.h>
#include <string.h>

struct walk {
	char path[256];
	int count;
	void (*fn)(const char *path, const struct json *a, const struct json *b, void *arg);
	void *arg;
};

static void report(struct walk *w, const struct json *a, const struct json *b)
{
	w->count++;
	w->fn(w->path, a, b, w->arg);
}

static void compare(struct walk *w, const struct json *a, const struct json *b)
{
	size_t at = strlen(w->path), i, n;

	if (!a || !b || a->type != b->type) {
		report(w, a, b);
	} else if (a->type == JSON_OBJECT) {
		for (i = 0; i < a->list.n; i++) {
			snprintf(w->path + at, sizeof(w->path) - at, "/%s", a->list.keys[i]);
			compare(w, a->list.items[i], json_get(b, a->list.keys[i]));
		}
		for (i = 0; i < b->list.n; i++) {
			if (json_get(a, b->list.keys[i]))
				continue;
			snprintf(w->path + at, sizeof(w->path) - at, "/%s", b->list.keys[i]);
			compare(w, NULL, b->list.items[i]);
		}
	} else if (a->type == JSON_ARRAY) {
		n = a->list.n > b->list.n ? a->list.n : b->list.n;
		for (i = 0; i < n; i++) {
			snprintf(w->path + at, sizeof(w->path) - at, "/%zu", i);
			compare(w, json_at(a, i), json_at(b, i));
		}
	} else if (!json_equal(a, b)) {
		report(w, a, b);
	}
	w->path[at] = 0;
}

int json_diff(const struct json *a, const struct json *b,
	      void (*fn)(const char *path, const struct json *a, const struct json *b, void *arg),
	      void *arg)
{
	struct walk w = { .fn = fn, .arg = arg };

	compare(&w, a, b);
	return w.count;
}
