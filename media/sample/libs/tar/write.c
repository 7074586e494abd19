/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vfs.h>
#include "tar_priv.h"

struct walk {
	struct uk_strbuf *out;
	size_t skip;
};

static void checksum(struct tar__header *h)
{
	unsigned int sum = 0, i;

	memset(h->sum, ' ', sizeof(h->sum));
	for (i = 0; i < sizeof(*h); i++)
		sum += ((unsigned char *)h)[i];
	snprintf(h->sum, sizeof(h->sum), "%06o", sum);
}

static int entry(const char *path, const struct stat *st, void *arg)
{
	static const char zeros[512];
	struct walk *w = arg;
	struct tar__header h;
	char *data = NULL;
	long n = 0;

	if (strlen(path) <= w->skip)
		return 0;
	memset(&h, 0, sizeof(h));
	snprintf(h.name, sizeof(h.name), "%s%s", path + w->skip + 1, st->type == VDIR ? "/" : "");
	if (st->type == VREG)
		n = vfs_read_file(path, &data);
	else if (st->type != VDIR)
		return 0;
	if (n < 0)
		return (int)n;
	strcpy(h.mode, st->type == VDIR ? "0000755" : "0000644");
	strcpy(h.uid, "0000000");
	strcpy(h.gid, "0000000");
	snprintf(h.size, sizeof(h.size), "%011o", (unsigned int)n);
	strcpy(h.mtime, "00000000000");
	h.type = st->type == VDIR ? '5' : '0';
	memcpy(h.magic, "ustar", 6);
	memcpy(h.version, "00", 2);
	checksum(&h);
	uk_strbuf_put(w->out, &h, sizeof(h));
	uk_strbuf_put(w->out, data, (size_t)n);
	uk_strbuf_put(w->out, zeros, (size_t)(-n & 511));
	free(data);
	return 0;
}

int tar_create(const char *root, struct uk_strbuf *out)
{
	static const char end[1024];
	struct walk w = { out, strcmp(root, "/") ? strlen(root) : 0 };
	int rc = vfs_walk(root, entry, &w);

	uk_strbuf_put(out, end, sizeof(end));
	return rc;
}
