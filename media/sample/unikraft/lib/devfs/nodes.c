/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <devfs.h>
#include <string.h>
#include <uk/console.h>
#include <uk/init.h>

static ssize_t null_read(void *buf __unused, size_t n __unused, uint64_t off __unused)
{
	return 0;
}

static ssize_t null_write(const void *buf __unused, size_t n, uint64_t off __unused)
{
	return (ssize_t)n;
}

static ssize_t zero_read(void *buf, size_t n, uint64_t off __unused)
{
	memset(buf, 0, n);
	return (ssize_t)n;
}

static ssize_t con_read(void *buf, size_t n, uint64_t off __unused)
{
	return uk_console_in(buf, n);
}

static ssize_t con_write(const void *buf, size_t n, uint64_t off __unused)
{
	return uk_console_out(buf, n);
}

/* The same bytes at the same offset, always: for tests. */
static ssize_t pattern_read(void *buf, size_t n, uint64_t off)
{
	size_t i;

	for (i = 0; i < n; i++) {
		uint64_t x = (off + i) * 0x9e3779b97f4a7c15UL;

		((unsigned char *)buf)[i] = (unsigned char)(x >> 56);
	}
	return (ssize_t)n;
}

static struct devfs_dev devs[] = {
	{ "null", null_read, null_write, NULL, NULL },
	{ "zero", zero_read, null_write, NULL, NULL },
	{ "console", con_read, con_write, NULL, NULL },
	{ "pattern", pattern_read, NULL, NULL, NULL },
};

static int nodes_init(struct uk_init_ctx *ctx __unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(devs); i++)
		if (devfs_register(&devs[i]) < 0)
			return -1;
	return 0;
}
uk_initcall_prio(nodes_init, NULL, 41);
