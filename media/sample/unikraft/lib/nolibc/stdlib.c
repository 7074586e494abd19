/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdlib.h>
#include <uk/alloc.h>
#include <uk/boot.h>
#include <uk/plat/platform.h>

#define MAX_ATEXIT 16
static void (*exit_fns[MAX_ATEXIT])(void);
static int exit_count;

void *malloc(size_t n)
{
	return uk_malloc(uk_alloc_get_default(), n);
}

void *calloc(size_t n, size_t m)
{
	return uk_calloc(uk_alloc_get_default(), n, m);
}

void *realloc(void *p, size_t n)
{
	return uk_realloc(uk_alloc_get_default(), p, n);
}

void free(void *p)
{
	uk_free(uk_alloc_get_default(), p);
}

int abs(int v)
{
	return v < 0 ? -v : v;
}

long labs(long v)
{
	return v < 0 ? -v : v;
}

int atexit(void (*fn)(void))
{
	if (exit_count == MAX_ATEXIT)
		return -1;
	exit_fns[exit_count++] = fn;
	return 0;
}

void exit(int status)
{
	while (exit_count)
		exit_fns[--exit_count]();
	uk_boot_shutdown(status);
}

void abort(void)
{
	ukplat_halt(UKPLAT_CRASH);
}
