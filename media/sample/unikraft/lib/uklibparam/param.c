/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdlib.h>
#include <string.h>
#include <uk/libparam.h>
#include <uk/print.h>

extern const struct uk_libparam uk_libparam_start[], uk_libparam_end[];

static int assign(const char *arg)
{
	const struct uk_libparam *p;
	const char *eq = strchr(arg, '=');
	char *end;
	long v;

	if (!eq)
		return 0;
	for (p = uk_libparam_start; p < uk_libparam_end; p++) {
		if (strncmp(p->name, arg, (size_t)(eq - arg)) || p->name[eq - arg])
			continue;
		v = strtol(eq + 1, &end, 0);
		if (*end)
			uk_pr_err("%s: not a number: %s\n", p->name, eq + 1);
		else
			*p->value = v;
		return 1;
	}
	return 0;
}

int uk_libparam_parse(int argc, char **argv)
{
	int i, n = 1;

	for (i = 1; i < argc; i++)
		if (!assign(argv[i]))
			argv[n++] = argv[i];
	return argc ? n : 0;
}
