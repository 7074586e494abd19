/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/config.h>
#include <uk/essentials.h>

void _uk_assert_fail(const char *what, const char *base, unsigned int line) __noreturn __cold;
#define UK_ASSERT(x) \
	do { \
		if (unlikely(!(x))) \
			_uk_assert_fail(#x, STRINGIFY(__BASENAME__), __LINE__); \
	} while (0)
#define UK_BUGON(x) UK_ASSERT(!(x))
