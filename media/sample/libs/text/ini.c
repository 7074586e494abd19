/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>

struct ini {
	struct uk_hashmap map;
};

static char *trim(char *s)
{
	char *e;

	while (isspace((unsigned char)*s))
		s++;
	for (e = s + strlen(s); e > s && isspace((unsigned char)e[-1]); e--)
		;
	*e = 0;
	return s;
}

struct ini *ini_parse(const char *text, int *bad_line)
{
	struct ini *i = calloc(1, sizeof(*i));
	char section[64] = "", name[192], *copy, *line, *next, *eq;
	void *old;
	int n = 0;

	*bad_line = 0;
	if (!i || uk_hashmap_init(&i->map, 16))
		return NULL;
	next = copy = strdup(text);
	while ((line = strsep(&next, "\n"))) {
		n++;
		line = trim(line);
		if (!*line || *line == ';' || *line == '#')
			continue;
		if (*line == '[') {
			eq = strchr(line, ']');
			if (!eq && !*bad_line)
				*bad_line = n;
			if (eq)
				*eq = 0;
			strlcpy(section, trim(line + 1), sizeof(section));
			continue;
		}
		eq = strchr(line, '=');
		if (!eq) {
			if (!*bad_line)
				*bad_line = n;
			continue;
		}
		*eq = 0;
		snprintf(name, sizeof(name), "%s.%s", section, trim(line));
		eq = trim(eq + 1);
		if (*eq == '"' && eq[1] && eq[strlen(eq) - 1] == '"') {
			eq[strlen(eq) - 1] = 0;
			eq++;
		}
		uk_hashmap_put(&i->map, name, strlen(name), strdup(eq), &old);
		free(old);
	}
	free(copy);
	return i;
}

const char *ini_get(const struct ini *i, const char *section, const char *key, const char *fallback)
{
	char name[192];
	const char *v;

	snprintf(name, sizeof(name), "%s.%s", section, key);
	v = uk_hashmap_get(&i->map, name, strlen(name));
	return v ? v : fallback;
}

long ini_get_int(const struct ini *i, const char *section, const char *key, long fallback)
{
	const char *v = ini_get(i, section, key, NULL);
	char *end;
	long n;

	if (!v)
		return fallback;
	n = strtol(v, &end, 0);
	switch (*end) {
	case 'k':
	case 'K':
		return n << 10;
	case 'm':
	case 'M':
		return n << 20;
	case 0:
		return end == v ? fallback : n;
	default:
		return fallback;
	}
}

int ini_get_bool(const struct ini *i, const char *section, const char *key, int fallback)
{
	static const char *const yes[] = { "yes", "true", "on", "1" };
	static const char *const no[] = { "no", "false", "off", "0" };
	const char *v = ini_get(i, section, key, NULL);
	unsigned int k;

	for (k = 0; v && k < 4; k++) {
		if (!strcasecmp(v, yes[k]))
			return 1;
		if (!strcasecmp(v, no[k]))
			return 0;
	}
	return fallback;
}

void ini_free(struct ini *i)
{
	uk_hashmap_free(&i->map, free);
	free(i);
}
