/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/coll.h>
#include <vfs.h>
#include "vectors.h"

struct file {
	struct uk_rbnode node;
	char path[64];
	uint8_t digest[SHA256_LEN];
};

static int by_digest(const struct uk_rbnode *a, const struct uk_rbnode *b)
{
	const struct file *x = container_of(a, struct file, node), *y = container_of(b, struct file, node);

	return memcmp(x->digest, y->digest, SHA256_LEN);
}

static struct uk_rbtree files;
static int duplicates;

static int hash_file(const char *path, const struct stat *st, void *arg)
{
	struct sha256 *all = arg, s;
	struct file *f, *same;
	uint8_t buf[300];
	ssize_t n;
	int fd;

	if (st->type != VREG)
		return 0;
	fd = vfs_open(path, O_RDONLY);
	f = calloc(1, sizeof(*f));
	if (fd < 0 || !f)
		return -1;
	sha256_init(&s);
	while ((n = vfs_read(fd, buf, sizeof(buf))) > 0)
		sha256_update(&s, buf, (size_t)n);
	vfs_close(fd);
	sha256_final(&s, f->digest);
	strlcpy(f->path, path, sizeof(f->path));
	sha256_update(all, f->digest, SHA256_LEN);
	same = (struct file *)uk_rb_insert(&files, &f->node);
	if (same) {
		printf("%s has the content of %s\n", path, same->path);
		duplicates++;
		free(f);
	}
	return 0;
}

/* Files from the pattern device, some of them twice. */
int hash_tree(void)
{
	struct uk_rbnode *n;
	struct sha256 all;
	struct merkle_proof proof;
	uint8_t buf[2048], h[32];
	char name[48], hex[136];
	int dev = vfs_open("/dev/pattern", O_RDONLY), i;

	if (dev < 0)
		return -1;
	for (i = 0; i < 24; i++) {
		size_t len = (size_t)(i % 11) * 173 + 64;

		vfs_pread(dev, buf, len, (uint64_t)(i % 22) * 977);
		snprintf(name, sizeof(name), "/data/%d", i % 3);
		vfs_mkdirs(name);
		snprintf(name, sizeof(name), "/data/%d/file%02d", i % 3, i);
		vfs_write_file(name, buf, len);
	}
	uk_rb_init(&files, by_digest);
	sha256_init(&all);
	vfs_walk("/data", hash_file, &all);
	sha256_final(&all, h);
	to_hex(h, 32, hex);
	printf("%zu different files, %d duplicates, tree sound %d, all %s\n", files.count, duplicates,
	       uk_rb_check(&files) > 0, hex);
	n = uk_rb_first(&files);
	printf("smallest digest: %s\n", container_of(n, struct file, node)->path);

	vfs_pread(dev, buf, sizeof(buf), 0);
	merkle_root(buf, sizeof(buf), 128, h);
	merkle_prove(buf, sizeof(buf), 128, 5, &proof);
	to_hex(h, 8, hex);
	i = merkle_verify(buf + 5 * 128, 128, &proof, h);
	buf[5 * 128 + 7] ^= 1;
	printf("merkle root %s..., proof of %d steps holds %d, after a change %d\n", hex, proof.depth, i,
	       merkle_verify(buf + 5 * 128, 128, &proof, h));
	vfs_close(dev);
	return 0;
}
