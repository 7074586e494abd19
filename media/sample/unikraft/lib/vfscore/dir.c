/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "vfs_priv.h"

int vfs_mkdir(const char *path)
{
	char name[VFS_NAME_MAX + 1];
	struct vnode *dir, *vn;
	int rc = vfs__lookup_parent(path, &dir, name);

	if (rc < 0)
		return rc == -EBUSY ? -EEXIST : rc;
	rc = dir->ops->lookup(dir, name, &vn);
	if (!rc) {
		vnode_put(vn);
		rc = -EEXIST;
	} else if (rc == -ENOENT) {
		rc = dir->ops->create ? dir->ops->create(dir, name, VDIR, &vn) : -EROFS;
		if (!rc)
			vnode_put(vn);
	}
	vnode_put(dir);
	return rc;
}

/* All missing directories of the path. */
int vfs_mkdirs(const char *path)
{
	char abs[VFS_PATH_MAX];
	int n = vfs__abspath(path, abs), i, rc = 0;

	if (n < 0)
		return n;
	for (i = 1; i <= n; i++) {
		char c = abs[i];

		if (c != '/' && c)
			continue;
		abs[i] = 0;
		rc = vfs_mkdir(abs);
		abs[i] = c;
		if (rc < 0 && rc != -EEXIST)
			return rc;
	}
	return rc == -EEXIST ? 0 : rc;
}

static int remove(const char *path, int want_dir)
{
	char name[VFS_NAME_MAX + 1];
	struct vnode *dir, *vn;
	int rc = vfs__lookup_parent(path, &dir, name);

	if (rc < 0)
		return rc;
	rc = dir->ops->lookup(dir, name, &vn);
	if (!rc) {
		if (vn->covered_by)
			rc = -EBUSY;
		else if ((vn->type == VDIR) != want_dir)
			rc = want_dir ? -ENOTDIR : -EISDIR;
		else
			rc = dir->ops->remove ? dir->ops->remove(dir, name, vn) : -EROFS;
		vnode_put(vn);
	}
	vnode_put(dir);
	return rc;
}

int vfs_unlink(const char *path)
{
	return remove(path, 0);
}

int vfs_rmdir(const char *path)
{
	return remove(path, 1);
}

int vfs_rename(const char *from, const char *to)
{
	char a[VFS_NAME_MAX + 1], b[VFS_NAME_MAX + 1];
	struct vnode *from_dir, *to_dir;
	int rc = vfs__lookup_parent(from, &from_dir, a);

	if (rc < 0)
		return rc;
	rc = vfs__lookup_parent(to, &to_dir, b);
	if (rc < 0) {
		vnode_put(from_dir);
		return rc;
	}
	if (from_dir->mount != to_dir->mount)
		rc = -EINVAL;
	else
		rc = from_dir->ops->rename ? from_dir->ops->rename(from_dir, a, to_dir, b) : -EROFS;
	vnode_put(from_dir);
	vnode_put(to_dir);
	return rc;
}

int vfs_readdir(int fd, struct dirent *out)
{
	struct vfs__file *f = vfs__get(fd);

	if (!f)
		return -EBADF;
	if (f->vn->type != VDIR)
		return -ENOTDIR;
	return f->vn->ops->readdir ? f->vn->ops->readdir(f->vn, &f->cookie, out) : -ENOSYS;
}

/* Depth first, in the order of the directories. */
int vfs_walk(const char *path, int (*fn)(const char *path, const struct stat *st, void *arg), void *arg)
{
	char sub[VFS_PATH_MAX];
	struct dirent d;
	struct stat st;
	int fd, rc = vfs_stat(path, &st);

	if (!rc)
		rc = fn(path, &st, arg);
	if (rc || st.type != VDIR)
		return rc;
	fd = vfs_open(path, O_RDONLY);
	if (fd < 0)
		return fd;
	while (!rc && vfs_readdir(fd, &d) == 1) {
		snprintf(sub, sizeof(sub), "%s/%s", path[1] ? path : "", d.name);
		rc = vfs_walk(sub, fn, arg);
	}
	vfs_close(fd);
	return rc;
}
