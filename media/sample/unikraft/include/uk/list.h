/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

/* Doubly linked circular list with a head node. */
struct uk_list_head {
	struct uk_list_head *next, *prev;
};
#define UK_LIST_HEAD_INIT(n) { &(n), &(n) }

static inline void uk_list_init(struct uk_list_head *h)
{
	h->next = h->prev = h;
}
static inline void uk_list_insert(struct uk_list_head *n, struct uk_list_head *prev,
				  struct uk_list_head *next)
{
	next->prev = n;
	n->next = next;
	n->prev = prev;
	prev->next = n;
}
static inline void uk_list_add(struct uk_list_head *n, struct uk_list_head *h)
{
	uk_list_insert(n, h, h->next);
}
static inline void uk_list_add_tail(struct uk_list_head *n, struct uk_list_head *h)
{
	uk_list_insert(n, h->prev, h);
}
static inline void uk_list_del(struct uk_list_head *n)
{
	n->next->prev = n->prev;
	n->prev->next = n->next;
	n->next = n->prev = n;
}
static inline int uk_list_empty(const struct uk_list_head *h)
{
	return h->next == h;
}
#define uk_list_entry(p, type, member) container_of(p, type, member)
#define uk_list_first_entry(h, type, member) uk_list_entry((h)->next, type, member)
#define uk_list_for_each_entry(p, h, member) \
	for (p = uk_list_entry((h)->next, __typeof__(*p), member); &p->member != (h); \
	     p = uk_list_entry(p->member.next, __typeof__(*p), member))
#define uk_list_for_each_entry_safe(p, n, h, member) \
	for (p = uk_list_entry((h)->next, __typeof__(*p), member), \
	    n = uk_list_entry(p->member.next, __typeof__(*p), member); \
	     &p->member != (h); p = n, n = uk_list_entry(n->member.next, __typeof__(*n), member))
