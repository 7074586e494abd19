/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "jsonfn.h"

static double number(const struct json *v)
{
	if (!v)
		return 0;
	return v->type == JSON_INT ? (double)v->integer : v->type == JSON_NUMBER ? strtod(v->text, NULL) : 0;
}

static int compare(const struct json *a, const struct json *b)
{
	double x, y;

	if (a && b && a->type == JSON_STRING && b->type == JSON_STRING)
		return strcmp(a->str.s, b->str.s);
	x = number(a);
	y = number(b);
	return x < y ? -1 : x > y;
}

static int holds(const struct json *field, const char *op, const char *text)
{
	struct json *value = json_parse(text, strlen(text), NULL);
	struct regex r;
	int c, yes;

	if (!strcmp(op, "~")) {
		json_free(value);
		return field && field->type == JSON_STRING && !regex_compile(&r, text, REGEX_ICASE) &&
		       regex_search(&r, field->str.s, field->str.len, NULL) == 1;
	}
	if (!value)
		value = json_string(text, strlen(text));
	c = compare(field, value);
	json_free(value);
	yes = field != NULL;
	switch (op[0]) {
	case '<':
		return yes && (op[1] ? c <= 0 : c < 0);
	case '>':
		return yes && (op[1] ? c >= 0 : c > 0);
	case '!':
		return c != 0;
	default:
		return yes && c == 0;
	}
}

static struct json *where(struct json *in, const char *args)
{
	struct json *out = json_new(JSON_ARRAY);
	char name[32], op[4], text[64];
	size_t i;

	if (sscanf(args, "%31s %3[<>=!~] %63[^\n]", name, op, text) != 3)
		return out;
	for (i = 0; i < json_size(in); i++)
		if (holds(json_get(json_at(in, i), name), op, text))
			json_append(out, json_copy(json_at(in, i)));
	return out;
}

static struct json *pick(struct json *in, const char *args)
{
	struct json *out = json_new(JSON_ARRAY), *row;
	char names[128], *p, *save;
	size_t i;

	for (i = 0; i < json_size(in); i++) {
		row = json_new(JSON_OBJECT);
		strlcpy(names, args, sizeof(names));
		for (p = strtok_r(names, ", ", &save); p; p = strtok_r(NULL, ", ", &save)) {
			struct json *v = json_get(json_at(in, i), p);

			json_set(row, p, v ? json_copy(v) : json_new(JSON_NULL));
		}
		json_append(out, row);
	}
	return out;
}

static struct json *sort(struct json *in, const char *args)
{
	struct json *out = json_copy(in), *t;
	int down = *args == '-';
	size_t i, j;

	args += down;
	for (i = 1; i < json_size(out); i++)
		for (j = i; j; j--) {
			int c = compare(json_get(out->list.items[j - 1], args), json_get(out->list.items[j], args));

			if (down ? c >= 0 : c <= 0)
				break;
			t = out->list.items[j];
			out->list.items[j] = out->list.items[j - 1];
			out->list.items[j - 1] = t;
		}
	return out;
}

static struct json *first(struct json *in, const char *args)
{
	struct json *out = json_new(JSON_ARRAY);
	size_t n = strtoul(args, NULL, 10), i;

	for (i = 0; i < n && i < json_size(in); i++)
		json_append(out, json_copy(json_at(in, i)));
	return out;
}

static struct json *group(struct json *in, const char *args)
{
	struct json *out = json_new(JSON_OBJECT), *v, *list;
	char key[64];
	size_t i;

	for (i = 0; i < json_size(in); i++) {
		v = json_get(json_at(in, i), args);
		if (v && v->type == JSON_STRING)
			strlcpy(key, v->str.s, sizeof(key));
		else
			snprintf(key, sizeof(key), "%g", number(v));
		list = json_get(out, key);
		if (!list) {
			list = json_new(JSON_ARRAY);
			json_set(out, key, list);
		}
		json_append(list, json_copy(json_at(in, i)));
	}
	return out;
}

static struct json *sum(struct json *in, const char *args)
{
	struct json *out = json_new(JSON_OBJECT), *n;
	double total = 0;
	char text[32];
	size_t i;

	for (i = 0; i < json_size(in); i++)
		total += number(json_get(json_at(in, i), args));
	json_set(out, "count", json_int((int64_t)json_size(in)));
	n = json_new(JSON_NUMBER);
	snprintf(text, sizeof(text), "%.2f", total);
	n->text = strdup(text);
	json_set(out, args, n);
	return out;
}

static struct json *get(struct json *in, const char *args)
{
	struct json *v = json_pointer(in, args);

	return v ? json_copy(v) : json_new(JSON_NULL);
}

static const struct {
	const char *name;
	struct json *(*fn)(struct json *in, const char *args);
} steps[] = {
	{ "get", get }, { "where", where }, { "pick", pick }, { "sort", sort },
	{ "first", first }, { "group", group }, { "sum", sum },
};

struct json *query(const struct json *input, const char *text, char *error, size_t cap)
{
	struct json *cur = json_copy(input), *next;
	char *copy = strdup(text), *rest = copy, *step;
	unsigned int i;

	*error = 0;
	while ((step = strsep(&rest, "|"))) {
		size_t n;

		step += strspn(step, " ");
		n = strcspn(step, " ");
		while (*step && step[strlen(step) - 1] == ' ')
			step[strlen(step) - 1] = 0;
		for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
			if (strlen(steps[i].name) == n && !strncmp(steps[i].name, step, n))
				break;
		if (i == sizeof(steps) / sizeof(steps[0])) {
			snprintf(error, cap, "no step '%.*s'", (int)n, step);
			json_free(cur);
			cur = NULL;
			break;
		}
		next = steps[i].fn(cur, step + n + strspn(step + n, " "));
		json_free(cur);
		cur = next;
	}
	free(copy);
	return cur;
}
