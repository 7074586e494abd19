/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <uk/essentials.h>
#include <uk/list.h>
#include <uk/lock.h>

enum vtype { VREG, VDIR, VDEV, VFIFO };

#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_ACCMODE 3
#define O_CREAT 0100
#define O_EXCL 0200
#define O_TRUNC 01000
#define O_APPEND 02000
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2

#define VFS_NAME_MAX 63
#define VFS_PATH_MAX 256

struct vnode;
struct mount;
struct stat {
	uint64_t ino;
	enum vtype type;
	uint64_t size;
	unsigned int nlink;
	int64_t mtime;
};
struct dirent {
	uint64_t ino;
	enum vtype type;
	char name[VFS_NAME_MAX + 1];
};
/* What a file system implements; an entry that is not set answers ENOSYS. */
struct vnops {
	int (*lookup)(struct vnode *dir, const char *name, struct vnode **out);
	int (*create)(struct vnode *dir, const char *name, enum vtype type, struct vnode **out);
	int (*remove)(struct vnode *dir, const char *name, struct vnode *vn);
	int (*rename)(struct vnode *from, const char *name, struct vnode *to, const char *newname);
	ssize_t (*read)(struct vnode *vn, uint64_t off, void *buf, size_t n);
	ssize_t (*write)(struct vnode *vn, uint64_t off, const void *buf, size_t n);
	int (*truncate)(struct vnode *vn, uint64_t size);
	int (*readdir)(struct vnode *dir, uint64_t *cookie, struct dirent *out);
	void (*release)(struct vnode *vn);
};
struct vnode {
	const struct vnops *ops;
	struct mount *mount;
	enum vtype type;
	uint64_t ino, size;
	unsigned int refs, nlink;
	int64_t mtime;
	void *data;
	struct mount *covered_by;
};
struct vfs_fs {
	const char *name;
	int (*mount)(struct mount *m, const char *dev);
	int (*unmount)(struct mount *m);
};
struct mount {
	const struct vfs_fs *fs;
	struct vnode *root, *covered;
	char path[VFS_PATH_MAX];
	void *data;
	struct uk_list_head link;
};
#define VFS_FS_REGISTER(fs) \
	static const struct vfs_fs *__vfs_reg_##fs __used __section(".uk_fs_list") __align(8) = &(fs)

int vfs_mount(const char *dev, const char *path, const char *fsname);
int vfs_unmount(const char *path);
int vfs_mounts(void (*fn)(const struct mount *m));
int vfs_open(const char *path, int flags);
int vfs_close(int fd);
ssize_t vfs_read(int fd, void *buf, size_t n);
ssize_t vfs_write(int fd, const void *buf, size_t n);
ssize_t vfs_pread(int fd, void *buf, size_t n, uint64_t off);
ssize_t vfs_pwrite(int fd, const void *buf, size_t n, uint64_t off);
int64_t vfs_lseek(int fd, int64_t off, int whence);
int vfs_ftruncate(int fd, uint64_t size);
int vfs_fstat(int fd, struct stat *st);
int vfs_stat(const char *path, struct stat *st);
int vfs_mkdir(const char *path);
int vfs_mkdirs(const char *path);
int vfs_unlink(const char *path);
int vfs_rmdir(const char *path);
int vfs_rename(const char *from, const char *to);
int vfs_readdir(int fd, struct dirent *out);
int vfs_dup(int fd);
int vfs_pipe(int fds[2]);
int vfs_chdir(const char *path);
const char *vfs_getcwd(void);
int vfs_walk(const char *path, int (*fn)(const char *path, const struct stat *st, void *arg), void *arg);
/* Whole files, for the convenience of applications. */
int vfs_write_file(const char *path, const void *data, size_t n);
long vfs_read_file(const char *path, char **out);
int vfs_copy(const char *from, const char *to);
int vfs_open_count(void);
extern __thread long vfs_last_ino;

struct vnode *vnode_new(struct mount *m, const struct vnops *ops, enum vtype type, void *data);
void vnode_ref(struct vnode *vn);
void vnode_put(struct vnode *vn);
int path_normalize(const char *cwd, const char *path, char *out, size_t cap);
const char *path_base(const char *path);
int path_match(const char *pattern, const char *name);
