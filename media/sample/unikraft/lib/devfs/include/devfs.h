/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <vfs.h>

struct devfs_dev {
	const char *name;
	ssize_t (*read)(void *buf, size_t n, uint64_t off);
	ssize_t (*write)(const void *buf, size_t n, uint64_t off);
	struct devfs_dev *next;
	struct vnode *vn;
};
int devfs_register(struct devfs_dev *d);
