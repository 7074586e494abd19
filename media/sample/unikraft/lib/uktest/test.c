/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <uk/test.h>
#include "test_priv.h"

extern struct uk_testcase uk_testtab_start[], uk_testtab_end[];
extern const struct uk_assert_site uk_asserttab_start[], uk_asserttab_end[];

static struct uk_test__stats stats;
static const struct uk_testcase *current;

void uk_test_record(const struct uk_assert_site *site, int ok)
{
	stats.checks++;
	if (ok)
		return;
	stats.failed++;
	uk_test__fail(current, site);
}

int uk_test_run(void)
{
	struct uk_testcase *t;

	stats.sites = uk_asserttab_end - uk_asserttab_start;
	for (t = uk_testtab_start; t < uk_testtab_end; t++) {
		int before = stats.failed;

		if (!t->fn) {
			stats.suites++;
			continue;
		}
		current = t;
		t->fn();
		stats.cases++;
		uk_test__case(t, stats.failed == before);
	}
	uk_test__summary(&stats);
	return stats.failed;
}
