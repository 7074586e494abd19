/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <stddef.h>
#include <uk/argparse.h>

int uk_argnparse(char *line, unsigned long len, char *argv[], int max)
{
	char *in = line, *end = line + len, *out, quote;
	int n = 0;

	while (n < max) {
		while (in < end && *in && isspace((unsigned char)*in))
			in++;
		if (in >= end || !*in)
			break;
		argv[n++] = out = in;
		quote = 0;
		for (; in < end && *in; in++) {
			if (*in == '\\' && quote != '\'' && in + 1 < end && in[1]) {
				*out++ = *++in;
			} else if (quote) {
				if (*in == quote)
					quote = 0;
				else
					*out++ = *in;
			} else if (*in == '"' || *in == '\'') {
				quote = *in;
			} else if (isspace((unsigned char)*in)) {
				break;
			} else {
				*out++ = *in;
			}
		}
		if (in < end)
			in++;
		*out = 0;
	}
	return n;
}
