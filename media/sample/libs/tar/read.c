/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfs.h>
#include "tar_priv.h"

static int valid(const struct tar__header *h)
{
	unsigned int sum = 0, i;

	for (i = 0; i < sizeof(*h); i++)
		sum += i >= 148 && i < 156 ? ' ' : ((const unsigned char *)h)[i];
	return sum == strtoul(h->sum, NULL, 8) && !memcmp(h->magic, "ustar", 5);
}

static int each(const char *p, size_t n,
		int (*fn)(const struct tar__header *h, const char *data, size_t size, void *arg),
		void *arg)
{
	int count = 0, rc;

	while (n >= 512 && *p) {
		const struct tar__header *h = (const struct tar__header *)p;
		size_t size = strtoul(h->size, NULL, 8), blocks = 512 + ALIGN_UP(size, 512UL);

		if (!valid(h) || blocks > n)
			return -EBADMSG;
		rc = fn(h, p + 512, size, arg);
		if (rc < 0)
			return rc;
		count++;
		p += blocks;
		n -= blocks;
	}
	return count;
}

static int extract(const struct tar__header *h, const char *data, size_t size, void *arg)
{
	char path[VFS_PATH_MAX], clean[VFS_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%.100s", (const char *)arg, h->name);
	/* a name with .. must not leave the root */
	if (path_normalize("/", path, clean, sizeof(clean)) < 0 ||
	    strncmp(clean, arg, strlen(arg)))
		return -EPERM;
	if (h->type == '5')
		return vfs_mkdirs(clean);
	return h->type == '0' ? vfs_write_file(clean, data, size) : 0;
}

int tar_extract(const void *data, size_t n, const char *root)
{
	int rc = vfs_mkdirs(root);

	return rc < 0 ? rc : each(data, n, extract, (void *)root);
}

struct lister {
	void (*fn)(const char *name, size_t size, int is_dir, void *arg);
	void *arg;
};

static int list(const struct tar__header *h, const char *data, size_t size, void *arg)
{
	struct lister *l = arg;

	(void)data;
	l->fn(h->name, size, h->type == '5', l->arg);
	return 0;
}

int tar_list(const void *data, size_t n,
	     void (*fn)(const char *name, size_t size, int is_dir, void *arg), void *arg)
{
	struct lister l = { fn, arg };

	return each(data, n, list, &l);
}
