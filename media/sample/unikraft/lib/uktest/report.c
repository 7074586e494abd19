/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include "test_priv.h"

void uk_test__fail(const struct uk_testcase *t, const struct uk_assert_site *site)
{
	printf("test: %s/%s line %u: expected %s\n", t->suite, t->name, site->line, site->what);
}

void uk_test__case(const struct uk_testcase *t, int ok)
{
	printf("test: %s/%s %s\n", t->suite, t->name, ok ? "ok" : "FAILED");
}

void uk_test__summary(const struct uk_test__stats *s)
{
	printf("test: %d suites, %d cases, %d checks at %ld sites, %d failed\n", s->suites, s->cases,
	       s->checks, s->sites, s->failed);
}
