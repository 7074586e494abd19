/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "vfs_priv.h"

/* What a thread looked up last; of use only to tests. */
__thread long vfs_last_ino;

struct vnode *vnode_new(struct mount *m, const struct vnops *ops, enum vtype type, void *data)
{
	static uint64_t next_ino = 1;
	struct vnode *vn = calloc(1, sizeof(*vn));

	if (!vn)
		return NULL;
	vn->ops = ops;
	vn->mount = m;
	vn->type = type;
	vn->ino = next_ino++;
	vn->refs = 1;
	vn->nlink = 1;
	vn->data = data;
	return vn;
}

void vnode_ref(struct vnode *vn)
{
	vn->refs++;
}

void vnode_put(struct vnode *vn)
{
	if (--vn->refs || vn->nlink)
		return;
	if (vn->ops->release)
		vn->ops->release(vn);
	free(vn);
}

static struct vnode *cross(struct vnode *vn)
{
	while (vn->covered_by)
		vn = vn->covered_by->root;
	return vn;
}

static int walk(const char *path, size_t len, struct vnode **out)
{
	struct vnode *vn = vfs__root(), *next;
	char name[VFS_NAME_MAX + 1];
	size_t i = 1, n;
	int rc;

	if (!vn)
		return -ENOENT;
	vn = cross(vn);
	vnode_ref(vn);
	while (i < len) {
		n = strcspn(path + i, "/");
		if (n > len - i)
			n = len - i;
		memcpy(name, path + i, n);
		name[n] = 0;
		i += n + 1;
		if (vn->type != VDIR) {
			vnode_put(vn);
			return -ENOTDIR;
		}
		rc = vn->ops->lookup(vn, name, &next);
		if (rc < 0) {
			vnode_put(vn);
			return rc;
		}
		if (next->covered_by) {
			struct vnode *top = cross(next);

			vnode_ref(top);
			vnode_put(next);
			next = top;
		}
		vnode_put(vn);
		vn = next;
	}
	vfs_last_ino = (long)vn->ino;
	*out = vn;
	return 0;
}

int vfs__lookup(const char *path, struct vnode **out)
{
	char abs[VFS_PATH_MAX];
	int n = vfs__abspath(path, abs);

	return n < 0 ? n : walk(abs, (size_t)n, out);
}

int vfs__lookup_parent(const char *path, struct vnode **dir, char *name)
{
	char abs[VFS_PATH_MAX];
	int n = vfs__abspath(path, abs), rc;
	const char *base;

	if (n < 0)
		return n;
	if (n == 1)
		return -EBUSY;
	base = path_base(abs);
	strlcpy(name, base, VFS_NAME_MAX + 1);
	rc = walk(abs, (size_t)(base - abs - 1), dir);
	if (rc < 0)
		return rc;
	if ((*dir)->type != VDIR) {
		vnode_put(*dir);
		return -ENOTDIR;
	}
	return 0;
}
