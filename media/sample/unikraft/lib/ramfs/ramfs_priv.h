/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <vfs.h>

#define BLOCK 1024
struct ramfs__node {
	struct ramfs__node *next, *children;
	struct vnode *vn;
	char name[VFS_NAME_MAX + 1];
	char **blocks;
	size_t nblocks;
};
struct ramfs__node *ramfs__child(struct ramfs__node *dir, const char *name);
void ramfs__link(struct ramfs__node *dir, struct ramfs__node *n);
void ramfs__unlink(struct ramfs__node *dir, struct ramfs__node *n);
int ramfs__resize(struct ramfs__node *n, uint64_t size);
char *ramfs__block(struct ramfs__node *n, size_t i, int make);
