/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

char *optarg;
int optind = 1, opterr = 1, optopt;
static int pos = 1;

int getopt(int argc, char *const argv[], const char *opts)
{
	const char *o;
	char *arg;

	optarg = NULL;
	if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
		return -1;
	arg = argv[optind];
	if (!strcmp(arg, "--")) {
		optind++;
		return -1;
	}
	optopt = (unsigned char)arg[pos++];
	o = optopt == ':' ? NULL : strchr(opts, optopt);
	if (!o) {
		if (opterr)
			printf("%s: unknown option -%c\n", argv[0], optopt);
	} else if (o[1] == ':') {
		if (arg[pos]) {
			optarg = arg + pos;
		} else if (optind + 1 < argc) {
			optarg = argv[++optind];
		} else if (o[2] != ':') {
			if (opterr)
				printf("%s: option -%c needs a value\n", argv[0], optopt);
			o = NULL;
		}
		pos = (int)strlen(arg);
	}
	if (!arg[pos]) {
		optind++;
		pos = 1;
	}
	return o ? optopt : '?';
}
