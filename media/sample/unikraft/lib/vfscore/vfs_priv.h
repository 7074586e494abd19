/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <vfs.h>

struct vfs__file {
	struct vnode *vn;
	int flags, refs;
	uint64_t pos, cookie;
};
#define VFS__MAX_FD 64

extern struct uk_mutex vfs__lock;
struct vnode *vfs__root(void);
int vfs__lookup(const char *path, struct vnode **out);
int vfs__lookup_parent(const char *path, struct vnode **dir, char *name);
struct vfs__file *vfs__get(int fd);
int vfs__install(struct vfs__file *f);
struct vfs__file *vfs__take(int fd);
struct vfs__file *vfs__file_new(struct vnode *vn, int flags);
int vfs__abspath(const char *path, char *out);
