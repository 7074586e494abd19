/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <devfs.h>
#include <errno.h>
#include <string.h>
#include <uk/init.h>

static struct devfs_dev *devices;
static const struct vnops ops;

int devfs_register(struct devfs_dev *d)
{
	struct devfs_dev **p = &devices;

	for (; *p; p = &(*p)->next)
		if (!strcmp((*p)->name, d->name))
			return -EEXIST;
	d->next = NULL;
	*p = d;
	return 0;
}

static int lookup(struct vnode *dir, const char *name, struct vnode **out)
{
	struct devfs_dev *d;

	for (d = devices; d; d = d->next) {
		if (strcmp(d->name, name))
			continue;
		if (!d->vn)
			d->vn = vnode_new(dir->mount, &ops, VDEV, d);
		if (!d->vn)
			return -ENOMEM;
		vnode_ref(d->vn);
		*out = d->vn;
		return 0;
	}
	return -ENOENT;
}

static ssize_t read(struct vnode *vn, uint64_t off, void *buf, size_t n)
{
	struct devfs_dev *d = vn->data;

	return d->read ? d->read(buf, n, off) : -EBADF;
}

static ssize_t write(struct vnode *vn, uint64_t off, const void *buf, size_t n)
{
	struct devfs_dev *d = vn->data;

	return d->write ? d->write(buf, n, off) : -EBADF;
}

static int readdir(struct vnode *dir __unused, uint64_t *cookie, struct dirent *out)
{
	struct devfs_dev *d = devices;
	uint64_t i;

	for (i = 0; d && i < *cookie; i++)
		d = d->next;
	if (!d)
		return 0;
	++*cookie;
	out->ino = *cookie;
	out->type = VDEV;
	strlcpy(out->name, d->name, sizeof(out->name));
	return 1;
}

static const struct vnops ops = { .lookup = lookup, .read = read, .write = write, .readdir = readdir };

static int mount(struct mount *m, const char *dev __unused)
{
	m->root = vnode_new(m, &ops, VDIR, NULL);
	return m->root ? 0 : -ENOMEM;
}

static const struct vfs_fs devfs = { "devfs", mount, NULL };
VFS_FS_REGISTER(devfs);

static int devfs_init(struct uk_init_ctx *ctx __unused)
{
	int rc = vfs_mkdir("/dev");

	return rc < 0 && rc != -EEXIST ? rc : vfs_mount("", "/dev", "devfs");
}
uk_initcall_prio(devfs_init, NULL, 45);
