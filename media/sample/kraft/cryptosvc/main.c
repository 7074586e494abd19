/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>
#include <report.h>
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

static int summary(int bad)
{
	struct report *r = report_new("cryptosvc");

	report_int(r, "bad", bad);
	report_text(r, "peer", "peer@example.com with token=c0ffee; suite x25519");
	report_text(r, "ciphers", "aes-gcm");
	report_text(r, "ciphers", "chacha20-poly1305");
	return report_send(r);
}

int main(void)
{
	int bad = run_vectors();

	bad |= run_session();
	return summary(bad) || bad;
}
