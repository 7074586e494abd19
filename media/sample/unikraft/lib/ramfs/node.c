/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ramfs_priv.h"

struct ramfs__node *ramfs__child(struct ramfs__node *dir, const char *name)
{
	struct ramfs__node *n;

	for (n = dir->children; n; n = n->next)
		if (!strcmp(n->name, name))
			return n;
	return NULL;
}

/* Sorted by name, so that listings are. */
void ramfs__link(struct ramfs__node *dir, struct ramfs__node *n)
{
	struct ramfs__node **p = &dir->children;

	while (*p && strcmp((*p)->name, n->name) < 0)
		p = &(*p)->next;
	n->next = *p;
	*p = n;
}

void ramfs__unlink(struct ramfs__node *dir, struct ramfs__node *n)
{
	struct ramfs__node **p = &dir->children;

	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
}

/* Blocks are made when they are written; a hole reads as zeros. */
char *ramfs__block(struct ramfs__node *n, size_t i, int make)
{
	if (i >= n->nblocks) {
		size_t cap = n->nblocks ? n->nblocks : 4;
		char **b;

		if (!make)
			return NULL;
		while (cap <= i)
			cap *= 2;
		b = realloc(n->blocks, cap * sizeof(*b));
		if (!b)
			return NULL;
		memset(b + n->nblocks, 0, (cap - n->nblocks) * sizeof(*b));
		n->blocks = b;
		n->nblocks = cap;
	}
	if (!n->blocks[i] && make)
		n->blocks[i] = calloc(1, BLOCK);
	return n->blocks[i];
}

int ramfs__resize(struct ramfs__node *n, uint64_t size)
{
	size_t keep = (size + BLOCK - 1) / BLOCK, i;

	for (i = keep; i < n->nblocks; i++) {
		free(n->blocks[i]);
		n->blocks[i] = NULL;
	}
	/* what is behind the end must be zero when the file grows again */
	if (size % BLOCK && keep <= n->nblocks && n->blocks[keep - 1])
		memset(n->blocks[keep - 1] + size % BLOCK, 0, BLOCK - size % BLOCK);
	return 0;
}
