/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include "vfs_priv.h"

static struct vfs__file *table[VFS__MAX_FD];
static uint64_t used[VFS__MAX_FD / 64];

struct vfs__file *vfs__get(int fd)
{
	return fd >= 0 && fd < VFS__MAX_FD ? table[fd] : NULL;
}

int vfs__install(struct vfs__file *f)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(used); i++) {
		int bit;

		if (used[i] == ~0UL)
			continue;
		bit = __builtin_ctzl(~used[i]);
		used[i] |= 1UL << bit;
		table[i * 64 + (unsigned int)bit] = f;
		f->refs++;
		return (int)(i * 64) + bit;
	}
	return -EMFILE;
}

struct vfs__file *vfs__take(int fd)
{
	struct vfs__file *f = vfs__get(fd);

	if (!f)
		return NULL;
	table[fd] = NULL;
	used[fd / 64] &= ~(1UL << (fd & 63));
	f->refs--;
	return f;
}

int vfs_dup(int fd)
{
	struct vfs__file *f = vfs__get(fd);

	return f ? vfs__install(f) : -EBADF;
}

int vfs_open_count(void)
{
	unsigned int i;
	int n = 0;

	for (i = 0; i < VFS__MAX_FD; i++)
		n += table[i] != NULL;
	return n;
}
