/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stddef.h>
#include <uk/coll.h>

void uk_rb_init(struct uk_rbtree *t,
		int (*cmp)(const struct uk_rbnode *a, const struct uk_rbnode *b))
{
	t->root = NULL;
	t->cmp = cmp;
	t->count = 0;
}

static int side(const struct uk_rbnode *n)
{
	return n->parent->child[1] == n;
}

static void replace(struct uk_rbtree *t, struct uk_rbnode *old, struct uk_rbnode *new)
{
	if (!old->parent)
		t->root = new;
	else
		old->parent->child[side(old)] = new;
	if (new)
		new->parent = old->parent;
}

/* n goes down to the given side, its other child takes its place. */
static void rotate(struct uk_rbtree *t, struct uk_rbnode *n, int dir)
{
	struct uk_rbnode *up = n->child[!dir];

	replace(t, n, up);
	n->child[!dir] = up->child[dir];
	if (n->child[!dir])
		n->child[!dir]->parent = n;
	up->child[dir] = n;
	n->parent = up;
}

struct uk_rbnode *uk_rb_find(const struct uk_rbtree *t, const struct uk_rbnode *key)
{
	struct uk_rbnode *n = t->root;

	while (n) {
		int c = t->cmp(key, n);

		if (!c)
			return n;
		n = n->child[c > 0];
	}
	return NULL;
}

/* Gives the node that is already there, or NULL. */
struct uk_rbnode *uk_rb_insert(struct uk_rbtree *t, struct uk_rbnode *n)
{
	struct uk_rbnode **at = &t->root, *parent = NULL, *g, *u;

	while (*at) {
		int c = t->cmp(n, *at);

		if (!c)
			return *at;
		parent = *at;
		at = &parent->child[c > 0];
	}
	n->child[0] = n->child[1] = NULL;
	n->parent = parent;
	n->red = 1;
	*at = n;
	t->count++;
	while (n->parent && n->parent->red) {
		int dir = side(n->parent);

		g = n->parent->parent;
		u = g->child[!dir];
		if (u && u->red) {
			n->parent->red = u->red = 0;
			g->red = 1;
			n = g;
			continue;
		}
		if (side(n) != dir) {
			n = n->parent;
			rotate(t, n, dir);
		}
		n->parent->red = 0;
		g->red = 1;
		rotate(t, g, !dir);
	}
	t->root->red = 0;
	return NULL;
}

static void fix_remove(struct uk_rbtree *t, struct uk_rbnode *n, struct uk_rbnode *parent, int dir)
{
	while (parent && !(n && n->red)) {
		struct uk_rbnode *s = parent->child[!dir];

		if (s->red) {
			s->red = 0;
			parent->red = 1;
			rotate(t, parent, dir);
			s = parent->child[!dir];
		}
		if (!(s->child[0] && s->child[0]->red) && !(s->child[1] && s->child[1]->red)) {
			s->red = 1;
			n = parent;
			parent = n->parent;
			dir = parent ? side(n) : 0;
			continue;
		}
		if (!(s->child[!dir] && s->child[!dir]->red)) {
			s->child[dir]->red = 0;
			s->red = 1;
			rotate(t, s, !dir);
			s = parent->child[!dir];
		}
		s->red = parent->red;
		parent->red = 0;
		s->child[!dir]->red = 0;
		rotate(t, parent, dir);
		return;
	}
	if (n)
		n->red = 0;
}

void uk_rb_remove(struct uk_rbtree *t, struct uk_rbnode *n)
{
	struct uk_rbnode *child, *parent, *next;
	int dir, red;

	t->count--;
	if (n->child[0] && n->child[1]) {
		for (next = n->child[1]; next->child[0]; next = next->child[0])
			;
		red = next->red;
		child = next->child[1];
		parent = next->parent;
		dir = side(next);
		replace(t, next, child);
		if (parent == n) {
			parent = next;
			dir = 1;
		}
		replace(t, n, next);
		next->red = n->red;
		next->child[0] = n->child[0];
		next->child[0]->parent = next;
		next->child[1] = n->child[1];
		if (next->child[1])
			next->child[1]->parent = next;
		if (!red)
			fix_remove(t, child, parent, dir);
		return;
	}
	child = n->child[!n->child[0]];
	parent = n->parent;
	dir = parent ? side(n) : 0;
	replace(t, n, child);
	if (!n->red)
		fix_remove(t, child, parent, dir);
}

struct uk_rbnode *uk_rb_first(const struct uk_rbtree *t)
{
	struct uk_rbnode *n = t->root;

	while (n && n->child[0])
		n = n->child[0];
	return n;
}

struct uk_rbnode *uk_rb_next(const struct uk_rbnode *n)
{
	if (n->child[1]) {
		for (n = n->child[1]; n->child[0]; n = n->child[0])
			;
		return (struct uk_rbnode *)n;
	}
	while (n->parent && side(n))
		n = n->parent;
	return n->parent;
}

static int check(const struct uk_rbtree *t, const struct uk_rbnode *n)
{
	int l, r;

	if (!n)
		return 1;
	if (n->red && ((n->child[0] && n->child[0]->red) || (n->child[1] && n->child[1]->red)))
		return -1;
	if ((n->child[0] && t->cmp(n->child[0], n) >= 0) || (n->child[1] && t->cmp(n->child[1], n) <= 0))
		return -1;
	l = check(t, n->child[0]);
	r = check(t, n->child[1]);
	return l < 0 || l != r ? -1 : l + !n->red;
}

int uk_rb_check(const struct uk_rbtree *t)
{
	return t->root && t->root->red ? -1 : check(t, t->root);
}
