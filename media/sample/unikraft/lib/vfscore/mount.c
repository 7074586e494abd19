/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uk/ctors.h>
#include <uk/init.h>
#include <uk/print.h>
#include "vfs_priv.h"

extern const struct vfs_fs *uk_fslist_start[], *uk_fslist_end[];

struct uk_mutex vfs__lock;
static struct uk_list_head mounts = UK_LIST_HEAD_INIT(mounts);
static struct vnode *root;

static void init(void)
{
	uk_mutex_init(&vfs__lock, 1);
}
UK_CTOR_PRIO(init, 1);

struct vnode *vfs__root(void)
{
	return root;
}

static const struct vfs_fs *find_fs(const char *name)
{
	const struct vfs_fs **fs;

	for (fs = uk_fslist_start; fs < uk_fslist_end; fs++)
		if (!strcmp((*fs)->name, name))
			return *fs;
	return NULL;
}

int vfs_mount(const char *dev, const char *path, const char *fsname)
{
	const struct vfs_fs *fs = find_fs(fsname);
	struct vnode *covered = NULL;
	struct mount *m;
	int rc;

	if (!fs)
		return -ENODEV;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	rc = path_normalize("/", path, m->path, sizeof(m->path));
	if (rc >= 0 && root) {
		rc = vfs__lookup(m->path, &covered);
		if (!rc && covered->type != VDIR)
			rc = -ENOTDIR;
		if (!rc && covered->covered_by)
			rc = -EBUSY;
	}
	m->fs = fs;
	m->covered = covered;
	if (rc >= 0)
		rc = fs->mount(m, dev);
	if (rc < 0) {
		if (covered)
			vnode_put(covered);
		free(m);
		return rc;
	}
	if (covered)
		covered->covered_by = m;
	else
		root = m->root;
	uk_list_add_tail(&m->link, &mounts);
	uk_pr_info("%s on %s\n", fsname, m->path);
	return 0;
}

int vfs_unmount(const char *path)
{
	char abs[VFS_PATH_MAX];
	struct mount *m;
	int rc = vfs__abspath(path, abs);

	if (rc < 0)
		return rc;
	uk_list_for_each_entry(m, &mounts, link) {
		if (strcmp(m->path, abs))
			continue;
		if (!m->covered || m->root->refs > 1)
			return -EBUSY;
		rc = m->fs->unmount ? m->fs->unmount(m) : -ENOSYS;
		if (rc < 0)
			return rc;
		m->covered->covered_by = NULL;
		vnode_put(m->covered);
		uk_list_del(&m->link);
		free(m);
		return 0;
	}
	return -EINVAL;
}

int vfs_mounts(void (*fn)(const struct mount *m))
{
	struct mount *m;
	int n = 0;

	uk_list_for_each_entry(m, &mounts, link) {
		fn(m);
		n++;
	}
	return n;
}

/* The root file system is there before anything of the application runs. */
static int rootfs(struct uk_init_ctx *ctx __unused)
{
	return vfs_mount("", "/", "ramfs");
}
uk_initcall_prio(rootfs, NULL, 40);
