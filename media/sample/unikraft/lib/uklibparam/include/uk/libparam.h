/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

struct uk_libparam {
	const char *name;
	long *value;
};
#define UK_LIBPARAM(n, ptr) \
	static const struct uk_libparam __used __section(".uk_libparam_params") __align(8) \
		__uk_param_##n = { #n, (ptr) }

/* Take name=value arguments out of the list; gives the arguments that are left. */
int uk_libparam_parse(int argc, char **argv);
