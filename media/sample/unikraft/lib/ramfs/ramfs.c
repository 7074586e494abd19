/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uk/plat/platform.h>
#include <uk/print.h>
#include "ramfs_priv.h"

static const struct vnops ops;

static struct ramfs__node *new_node(struct mount *m, const char *name, enum vtype type)
{
	struct ramfs__node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->vn = vnode_new(m, &ops, type, n);
	if (!n->vn) {
		free(n);
		return NULL;
	}
	strlcpy(n->name, name, sizeof(n->name));
	return n;
}

static int lookup(struct vnode *dir, const char *name, struct vnode **out)
{
	struct ramfs__node *n = ramfs__child(dir->data, name);

	if (!n)
		return -ENOENT;
	vnode_ref(n->vn);
	*out = n->vn;
	return 0;
}

static int create(struct vnode *dir, const char *name, enum vtype type, struct vnode **out)
{
	struct ramfs__node *n = new_node(dir->mount, name, type);

	if (!n)
		return -ENOMEM;
	ramfs__link(dir->data, n);
	dir->size++;
	vnode_ref(n->vn);
	*out = n->vn;
	return 0;
}

static int remove(struct vnode *dir, const char *name __unused, struct vnode *vn)
{
	struct ramfs__node *n = vn->data;

	if (n->children)
		return -ENOTEMPTY;
	ramfs__unlink(dir->data, n);
	dir->size--;
	vn->nlink--;
	vnode_put(vn);
	return 0;
}

static int contains(const struct ramfs__node *n, const struct vnode *vn)
{
	const struct ramfs__node *c;

	if (n->vn == vn)
		return 1;
	for (c = n->children; c; c = c->next)
		if (contains(c, vn))
			return 1;
	return 0;
}

static int rename(struct vnode *from, const char *name, struct vnode *to, const char *newname)
{
	struct ramfs__node *n = ramfs__child(from->data, name);
	struct ramfs__node *old = ramfs__child(to->data, newname);
	int rc;

	if (!n)
		return -ENOENT;
	if (old == n)
		return 0;
	if (old) {
		if ((old->vn->type == VDIR) != (n->vn->type == VDIR))
			return old->vn->type == VDIR ? -EISDIR : -ENOTDIR;
		rc = remove(to, newname, old->vn);
		if (rc < 0)
			return rc;
	}
	/* a directory must not be moved into itself */
	if (contains(n, to))
		return -EINVAL;
	ramfs__unlink(from->data, n);
	from->size--;
	strlcpy(n->name, newname, sizeof(n->name));
	ramfs__link(to->data, n);
	to->size++;
	return 0;
}

static ssize_t read(struct vnode *vn, uint64_t off, void *buf, size_t n)
{
	size_t done = 0;

	if (off >= vn->size)
		return 0;
	n = MIN(n, vn->size - off);
	while (done < n) {
		size_t at = (off + done) % BLOCK, k = MIN(BLOCK - at, n - done);
		char *b = ramfs__block(vn->data, (off + done) / BLOCK, 0);

		if (b)
			memcpy((char *)buf + done, b + at, k);
		else
			memset((char *)buf + done, 0, k);
		done += k;
	}
	return (ssize_t)n;
}

static ssize_t write(struct vnode *vn, uint64_t off, const void *buf, size_t n)
{
	size_t done = 0;

	while (done < n) {
		size_t at = (off + done) % BLOCK, k = MIN(BLOCK - at, n - done);
		char *b = ramfs__block(vn->data, (off + done) / BLOCK, 1);

		if (!b)
			return done ? (ssize_t)done : -ENOSPC;
		memcpy(b + at, (const char *)buf + done, k);
		done += k;
	}
	vn->size = MAX(vn->size, off + n);
	vn->mtime = (int64_t)ukplat_monotonic_clock();
	return (ssize_t)n;
}

static int truncate(struct vnode *vn, uint64_t size)
{
	int rc = size < vn->size ? ramfs__resize(vn->data, size) : 0;

	if (!rc)
		vn->size = size;
	return rc;
}

static int readdir(struct vnode *dir, uint64_t *cookie, struct dirent *out)
{
	struct ramfs__node *n = ((struct ramfs__node *)dir->data)->children;
	uint64_t i;

	for (i = 0; n && i < *cookie; i++)
		n = n->next;
	if (!n)
		return 0;
	++*cookie;
	out->ino = n->vn->ino;
	out->type = n->vn->type;
	strlcpy(out->name, n->name, sizeof(out->name));
	return 1;
}

static void release(struct vnode *vn)
{
	struct ramfs__node *n = vn->data;

	ramfs__resize(n, 0);
	free(n->blocks);
	free(n);
}

static const struct vnops ops = {
	.lookup = lookup, .create = create, .remove = remove, .rename = rename, .read = read,
	.write = write, .truncate = truncate, .readdir = readdir, .release = release,
};

static int mount(struct mount *m, const char *dev __unused)
{
	struct ramfs__node *n = new_node(m, "", VDIR);

	if (!n)
		return -ENOMEM;
	m->root = n->vn;
	return 0;
}

static void drop(struct ramfs__node *n)
{
	while (n->children) {
		struct ramfs__node *c = n->children;

		n->children = c->next;
		drop(c);
	}
	n->vn->nlink = 0;
	vnode_put(n->vn);
}

static int unmount(struct mount *m)
{
	drop(m->root->data);
	return 0;
}

static const struct vfs_fs ramfs = { "ramfs", mount, unmount };
VFS_FS_REGISTER(ramfs);
