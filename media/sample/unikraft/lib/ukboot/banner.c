/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <string.h>
#include <uk/boot.h>
#include <uk/libid.h>
#include "boot_priv.h"

__weak const char *uk_boot_greeting(void)
{
	return "one page of memory, many owners";
}

#if !UK_SHAPE_08
static int find_app(const struct uk_libinfo *info, void *arg)
{
	if (info->kind != UK_LIBINFO_APP)
		return 0;
	*(const char **)arg = info->text;
	return 1;
}
#endif

void uk_boot__banner(void)
{
	char rule[64];
	size_t n;

	n = strlen(uk_boot_greeting()) + 4;
	memset(rule, '=', sizeof(rule));
	rule[n < sizeof(rule) ? n : sizeof(rule) - 1] = 0;
	printf("%s\n| %s |\n%s\n", rule, uk_boot_greeting(), rule);
#if !UK_SHAPE_08
	const char *app = "?";

	uk_libinfo_each(find_app, &app);
	printf("%s: %u libraries, release %s\n", app, uk_libid_count(), STRINGIFY(UK_VERSION));
#endif
}
