/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdlib.h>
#include <uk/assert.h>
#include <uk/ctors.h>
#include <uk/netdev.h>

static struct uk_list_head cache;
static unsigned int cached;
static unsigned long in_use;

static void init(void)
{
	uk_list_init(&cache);
}
UK_CTOR_PRIO(init, 1);

struct uk_netbuf *uk_netbuf_alloc(size_t len)
{
	struct uk_netbuf *nb;

	if (len > UK_NETBUF_SIZE - UK_NETBUF_HEADROOM)
		return NULL;
	if (cached) {
		nb = uk_list_first_entry(&cache, struct uk_netbuf, link);
		uk_list_del(&nb->link);
		cached--;
	} else {
		nb = malloc(sizeof(*nb));
		if (!nb)
			return NULL;
	}
	uk_list_init(&nb->link);
	nb->data = nb->buf + UK_NETBUF_HEADROOM;
	nb->len = len;
	in_use++;
	return nb;
}

void uk_netbuf_free(struct uk_netbuf *nb)
{
	in_use--;
	if (cached < 8) {
		uk_list_add(&nb->link, &cache);
		cached++;
	} else {
		free(nb);
	}
}

void *uk_netbuf_push(struct uk_netbuf *nb, size_t n)
{
	UK_ASSERT((size_t)(nb->data - nb->buf) >= n);
	nb->data -= n;
	nb->len += n;
	return nb->data;
}

void *uk_netbuf_pull(struct uk_netbuf *nb, size_t n)
{
	void *p = nb->data;

	if (n > nb->len)
		return NULL;
	nb->data += n;
	nb->len -= n;
	return p;
}

unsigned long uk_netbuf_in_use(void)
{
	return in_use;
}
