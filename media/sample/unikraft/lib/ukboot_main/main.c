/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <uk/essentials.h>

/* Stands in where the application has no main(). */
__weak int main(int argc, char *argv[])
{
	printf("weak main() called: %s, %d argument(s), nothing to do here\n", argv[0], argc);
	return 0;
}
