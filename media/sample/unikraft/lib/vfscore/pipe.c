/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "vfs_priv.h"

#define PIPE_SIZE 512

struct pipe {
	char buf[PIPE_SIZE];
	unsigned int head, tail;
	struct uk_waitq readers, writers;
};

static unsigned int used(const struct pipe *p)
{
	return p->head - p->tail;
}

/* Both ends hold a reference: one left means that the other side is closed. */
static ssize_t read(struct vnode *vn, uint64_t off __unused, void *buf, size_t n)
{
	struct pipe *p = vn->data;
	size_t i;

	while (!used(p)) {
		if (vn->refs < 2)
			return 0;
		uk_waitq_wait(&p->readers, 0);
	}
	for (i = 0; i < n && used(p); i++)
		((char *)buf)[i] = p->buf[p->tail++ % PIPE_SIZE];
	uk_waitq_wake_all(&p->writers);
	return (ssize_t)i;
}

static ssize_t write(struct vnode *vn, uint64_t off __unused, const void *buf, size_t n)
{
	struct pipe *p = vn->data;
	size_t i;

	for (i = 0; i < n; i++) {
		if (vn->refs < 2)
			return -EPIPE;
		while (used(p) == PIPE_SIZE) {
			uk_waitq_wake_all(&p->readers);
			uk_waitq_wait(&p->writers, 0);
		}
		p->buf[p->head++ % PIPE_SIZE] = ((const char *)buf)[i];
	}
	uk_waitq_wake_all(&p->readers);
	return (ssize_t)n;
}

static void release(struct vnode *vn)
{
	free(vn->data);
}

static const struct vnops ops = { .read = read, .write = write, .release = release };

int vfs_pipe(int fds[2])
{
	struct pipe *p = calloc(1, sizeof(*p));
	struct vnode *vn = p ? vnode_new(NULL, &ops, VFIFO, p) : NULL;

	if (!vn) {
		free(p);
		return -ENOMEM;
	}
	vn->nlink = 0;
	uk_waitq_init(&p->readers);
	uk_waitq_init(&p->writers);
	vnode_ref(vn);
	fds[0] = vfs__install(vfs__file_new(vn, O_RDONLY));
	fds[1] = vfs__install(vfs__file_new(vn, O_WRONLY));
	return fds[0] < 0 || fds[1] < 0 ? -EMFILE : 0;
}
