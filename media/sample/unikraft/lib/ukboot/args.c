/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/argparse.h>
#include <uk/config.h>
#include <uk/libparam.h>
#include <uk/boot.h>
#include "boot_priv.h"

#define MAX_ARGS 32
#define MAX_CMDLINE 512

static char cmdline[MAX_CMDLINE];
static char *boot_argv[MAX_ARGS + 1] = { "unikernel" };

/* The loader puts the image's path first; it is no argument of the program. */
int uk_boot__args(struct ukplat_bootinfo *bi, char ***argv)
{
	int n = 0;

	if (bi->cmdline)
		strlcpy(cmdline, (const char *)bi->cmdline, sizeof(cmdline));
	if (cmdline[0])
		n = uk_argnparse(cmdline, sizeof(cmdline), boot_argv, MAX_ARGS);
	boot_argv[0] = "unikernel";
	n = uk_libparam_parse(n ? n : 1, boot_argv);
	boot_argv[n] = NULL;
	*argv = boot_argv;
	return n;
}
