/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

/* Cases and suites are collected by section name: a suite's header sorts behind
 * its cases' names only by the tilde, as with events. */
struct uk_testcase {
	const char *suite, *name;
	void (*fn)(void);
};
struct uk_assert_site {
	const char *what;
	unsigned int line;
};

#define UK_TESTSUITE(s) \
	static struct uk_testcase __used __section(".uk_testtab_" #s "~") __align(8) \
		__uk_suite_##s = { #s, NULL, NULL }
#define UK_TESTCASE(s, n) \
	static void __uk_test_##s##_##n(void); \
	static struct uk_testcase __used __section(".uk_testtab_" #s "~" #n) __align(8) \
		__uk_case_##s##_##n = { #s, #n, __uk_test_##s##_##n }; \
	static void __uk_test_##s##_##n(void)
#define UK_TEST_EXPECT(x) \
	do { \
		static const struct uk_assert_site __used __section(".uk_asserttab") __align(8) \
			site = { #x, __LINE__ }; \
		uk_test_record(&site, !!(x)); \
	} while (0)

void uk_test_record(const struct uk_assert_site *site, int ok);
int uk_test_run(void);
