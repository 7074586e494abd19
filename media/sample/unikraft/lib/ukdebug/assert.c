/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <uk/assert.h>
#include <uk/plat/platform.h>
#include <uk/print.h>

void _uk_assert_fail(const char *what, const char *base, unsigned int line)
{
	static int nested;

	if (!nested++)
		printf("Assertion failed: %s (%s:%u)\n", what, base, line);
	ukplat_halt(UKPLAT_CRASH);
}
