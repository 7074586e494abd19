/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/test.h>

struct uk_test__stats {
	int suites, cases, checks, failed;
	long sites;
};
void uk_test__fail(const struct uk_testcase *t, const struct uk_assert_site *site);
void uk_test__case(const struct uk_testcase *t, int ok);
void uk_test__summary(const struct uk_test__stats *s);
