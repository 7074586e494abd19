/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/argparse.h>
#include <uk/test.h>

static int split(const char *text, char *buf, char *argv[8])
{
	strcpy(buf, text);
	return uk_argnparse(buf, strlen(buf) + 1, argv, 8);
}

UK_TESTCASE(ukargparse, spaces)
{
	char buf[64], *argv[8];

	UK_TEST_EXPECT(split("  a  bc\td ", buf, argv) == 3);
	UK_TEST_EXPECT(!strcmp(argv[1], "bc"));
	UK_TEST_EXPECT(split("", buf, argv) == 0);
}

UK_TESTCASE(ukargparse, quotes)
{
	char buf[64], *argv[8];

	UK_TEST_EXPECT(split("'a b' \"c 'd'\" e\\ f", buf, argv) == 3);
	UK_TEST_EXPECT(!strcmp(argv[0], "a b"));
	UK_TEST_EXPECT(!strcmp(argv[1], "c 'd'"));
	UK_TEST_EXPECT(!strcmp(argv[2], "e f"));
}
UK_TESTSUITE(ukargparse);
