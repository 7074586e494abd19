/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <stdlib.h>
#include <uk/coll.h>

int uk_pqueue_push(struct uk_pqueue *q, int64_t key, void *value)
{
	size_t i = q->n;

	if (q->n == q->cap) {
		size_t cap = q->cap ? q->cap * 2 : 8;
		void *e = realloc(q->e, cap * sizeof(*q->e));

		if (!e)
			return -ENOMEM;
		q->e = e;
		q->cap = cap;
	}
	for (q->n++; i && q->e[(i - 1) / 2].key > key; i = (i - 1) / 2)
		q->e[i] = q->e[(i - 1) / 2];
	q->e[i].key = key;
	q->e[i].value = value;
	return 0;
}

int uk_pqueue_pop(struct uk_pqueue *q, int64_t *key, void **value)
{
	size_t i = 0, c;

	if (!q->n)
		return 0;
	*key = q->e[0].key;
	*value = q->e[0].value;
	q->n--;
	while ((c = 2 * i + 1) < q->n) {
		c += c + 1 < q->n && q->e[c + 1].key < q->e[c].key;
		if (q->e[c].key >= q->e[q->n].key)
			break;
		q->e[i] = q->e[c];
		i = c;
	}
	q->e[i] = q->e[q->n];
	return 1;
}

void uk_pqueue_free(struct uk_pqueue *q)
{
	free(q->e);
	q->e = NULL;
	q->n = q->cap = 0;
}
