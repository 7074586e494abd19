/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "vfs_priv.h"

struct vfs__file *vfs__file_new(struct vnode *vn, int flags)
{
	struct vfs__file *f = calloc(1, sizeof(*f));

	if (f) {
		f->vn = vn;
		f->flags = flags;
	}
	return f;
}

static int open_vnode(const char *path, int flags, struct vnode **out)
{
	char name[VFS_NAME_MAX + 1];
	struct vnode *dir;
	int rc = vfs__lookup(path, out);

	if (!rc && (flags & O_CREAT) && (flags & O_EXCL)) {
		vnode_put(*out);
		return -EEXIST;
	}
	if (rc != -ENOENT || !(flags & O_CREAT))
		return rc;
	rc = vfs__lookup_parent(path, &dir, name);
	if (rc < 0)
		return rc;
	rc = dir->ops->create ? dir->ops->create(dir, name, VREG, out) : -EROFS;
	vnode_put(dir);
	return rc;
}

int vfs_open(const char *path, int flags)
{
	struct vfs__file *f;
	struct vnode *vn;
	int rc;

	uk_mutex_lock(&vfs__lock);
	rc = open_vnode(path, flags, &vn);
	if (!rc && vn->type == VDIR && (flags & O_ACCMODE) != O_RDONLY) {
		vnode_put(vn);
		rc = -EISDIR;
	}
	if (!rc && (flags & O_TRUNC) && vn->type == VREG && vn->ops->truncate)
		rc = vn->ops->truncate(vn, 0);
	if (!rc) {
		f = vfs__file_new(vn, flags);
		rc = f ? vfs__install(f) : -ENOMEM;
		if (rc < 0) {
			free(f);
			vnode_put(vn);
		}
	}
	uk_mutex_unlock(&vfs__lock);
	return rc;
}

int vfs_close(int fd)
{
	struct vfs__file *f = vfs__take(fd);

	if (!f)
		return -EBADF;
	if (!f->refs) {
		vnode_put(f->vn);
		free(f);
	}
	return 0;
}

ssize_t vfs_pread(int fd, void *buf, size_t n, uint64_t off)
{
	struct vfs__file *f = vfs__get(fd);

	if (!f || (f->flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	if (f->vn->type == VDIR)
		return -EISDIR;
	return f->vn->ops->read ? f->vn->ops->read(f->vn, off, buf, n) : -ENOSYS;
}

ssize_t vfs_pwrite(int fd, const void *buf, size_t n, uint64_t off)
{
	struct vfs__file *f = vfs__get(fd);

	if (!f || (f->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	return f->vn->ops->write ? f->vn->ops->write(f->vn, off, buf, n) : -EROFS;
}

ssize_t vfs_read(int fd, void *buf, size_t n)
{
	struct vfs__file *f = vfs__get(fd);
	ssize_t rc = f ? vfs_pread(fd, buf, n, f->pos) : -EBADF;

	if (rc > 0)
		f->pos += (uint64_t)rc;
	return rc;
}

ssize_t vfs_write(int fd, const void *buf, size_t n)
{
	struct vfs__file *f = vfs__get(fd);
	ssize_t rc;

	if (!f)
		return -EBADF;
	if (f->flags & O_APPEND)
		f->pos = f->vn->size;
	rc = vfs_pwrite(fd, buf, n, f->pos);
	if (rc > 0)
		f->pos += (uint64_t)rc;
	return rc;
}

int64_t vfs_lseek(int fd, int64_t off, int whence)
{
	struct vfs__file *f = vfs__get(fd);

	if (!f)
		return -EBADF;
	if (f->vn->type == VFIFO)
		return -ESPIPE;
	switch (whence) {
	case SEEK_SET:
		break;
	case SEEK_CUR:
		off += (int64_t)f->pos;
		break;
	case SEEK_END:
		off += (int64_t)f->vn->size;
		break;
	default:
		return -EINVAL;
	}
	if (off < 0)
		return -EINVAL;
	f->pos = (uint64_t)off;
	return off;
}

int vfs_ftruncate(int fd, uint64_t size)
{
	struct vfs__file *f = vfs__get(fd);

	if (!f || (f->flags & O_ACCMODE) == O_RDONLY)
		return -EBADF;
	return f->vn->ops->truncate ? f->vn->ops->truncate(f->vn, size) : -EINVAL;
}

static void fill(const struct vnode *vn, struct stat *st)
{
	st->ino = vn->ino;
	st->type = vn->type;
	st->size = vn->size;
	st->nlink = vn->nlink;
	st->mtime = vn->mtime;
}

int vfs_fstat(int fd, struct stat *st)
{
	struct vfs__file *f = vfs__get(fd);

	if (!f)
		return -EBADF;
	fill(f->vn, st);
	return 0;
}

int vfs_stat(const char *path, struct stat *st)
{
	struct vnode *vn;
	int rc = vfs__lookup(path, &vn);

	if (rc < 0)
		return rc;
	fill(vn, st);
	vnode_put(vn);
	return 0;
}

int vfs_write_file(const char *path, const void *data, size_t n)
{
	int fd = vfs_open(path, O_WRONLY | O_CREAT | O_TRUNC);
	ssize_t rc;

	if (fd < 0)
		return fd;
	rc = vfs_write(fd, data, n);
	vfs_close(fd);
	return rc < 0 ? (int)rc : rc == (ssize_t)n ? 0 : -ENOSPC;
}

long vfs_read_file(const char *path, char **out)
{
	int fd = vfs_open(path, O_RDONLY);
	size_t len = 0, cap = 0;
	ssize_t n = 0;

	*out = NULL;
	if (fd < 0)
		return fd;
	do {
		if (cap - len < 64) {
			char *p = realloc(*out, cap + 512);

			if (!p) {
				n = -ENOMEM;
				break;
			}
			*out = p;
			cap += 512;
		}
		n = vfs_read(fd, *out + len, cap - len - 1);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0);
	vfs_close(fd);
	if (n < 0) {
		free(*out);
		*out = NULL;
		return n;
	}
	(*out)[len] = 0;
	return (long)len;
}

int vfs_copy(const char *from, const char *to)
{
	char *data;
	long n = vfs_read_file(from, &data);
	int rc;

	if (n < 0)
		return (int)n;
	rc = vfs_write_file(to, data, (size_t)n);
	free(data);
	return rc;
}
