/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>
#include <stdio.h>
#include <string.h>
#include "cryptosvc.h"

int check(const char *what, const uint8_t *got, const char *want)
{
	char hex[80];

	hex_encode(got, strlen(want) / 2, hex, sizeof(hex));
	printf("%-10s %.32s %s\n", what, hex, strcmp(hex, want) ? "WRONG" : "ok");
	return !strcmp(hex, want);
}

int main(void)
{
	int bad = run_vectors();

	return run_session() || bad;
}
