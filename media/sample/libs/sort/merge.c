/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <sortx.h>
#include <stdlib.h>
#include <string.h>

struct run {
	size_t at, n;
};

static void reverse(char *p, size_t n, size_t size, char *tmp)
{
	size_t i;

	for (i = 0; i < n / 2; i++) {
		memcpy(tmp, p + i * size, size);
		memcpy(p + i * size, p + (n - 1 - i) * size, size);
		memcpy(p + (n - 1 - i) * size, tmp, size);
	}
}

/* The longest run from here; a strictly falling one is turned round. */
static size_t find_run(char *p, size_t n, size_t size, sort_cmp cmp, char *tmp)
{
	size_t k = 1;

	if (n < 2)
		return n;
	if (cmp(p, p + size) > 0) {
		while (k < n && cmp(p + (k - 1) * size, p + k * size) > 0)
			k++;
		reverse(p, k, size, tmp);
	} else {
		while (k < n && cmp(p + (k - 1) * size, p + k * size) <= 0)
			k++;
	}
	return k;
}

static size_t insert(char *p, size_t have, size_t want, size_t size, sort_cmp cmp, char *tmp)
{
	for (; have < want; have++) {
		size_t lo = 0, hi = have;

		memcpy(tmp, p + have * size, size);
		while (lo < hi) {
			size_t mid = (lo + hi) / 2;

			if (cmp(tmp, p + mid * size) < 0)
				hi = mid;
			else
				lo = mid + 1;
		}
		memmove(p + (lo + 1) * size, p + lo * size, (have - lo) * size);
		memcpy(p + lo * size, tmp, size);
	}
	return want;
}

static void merge(char *base, const struct run *a, const struct run *b, size_t size, sort_cmp cmp,
		  char *tmp)
{
	char *l = tmp, *lend = tmp + a->n * size, *out = base + a->at * size;
	char *r = base + b->at * size, *rend = r + b->n * size;

	memcpy(tmp, out, a->n * size);
	while (l < lend && r < rend) {
		char **from = cmp(r, l) < 0 ? &r : &l;

		memcpy(out, *from, size);
		*from += size;
		out += size;
	}
	memcpy(out, l, (size_t)(lend - l));
}

int merge_sort(void *base, size_t n, size_t size, sort_cmp cmp)
{
	struct run runs[64];
	char *tmp = malloc((n + 1) * size);
	size_t at = 0;
	int top = 0;

	if (!tmp)
		return -1;
	while (at < n || top > 1) {
		if (at < n) {
			char *p = (char *)base + at * size;
			size_t k = find_run(p, n - at, size, cmp, tmp), least = n - at < 16 ? n - at : 16;

			if (k < least)
				k = insert(p, k, least, size, cmp, tmp);
			runs[top].at = at;
			runs[top++].n = k;
			at += k;
		}
		/* lengths on the stack keep falling */
		while (top > 1 && (at == n || runs[top - 2].n <= 2 * runs[top - 1].n)) {
			merge(base, &runs[top - 2], &runs[top - 1], size, cmp, tmp);
			runs[top - 2].n += runs[top - 1].n;
			top--;
		}
	}
	free(tmp);
	return 0;
}
