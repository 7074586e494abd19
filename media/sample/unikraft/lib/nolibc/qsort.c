/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdlib.h>
#include <string.h>

typedef int (*cmp_fn)(const void *, const void *);

static void swap(char *a, char *b, size_t n)
{
	while (n--) {
		char t = *a;

		*a++ = *b;
		*b++ = t;
	}
}

static void sift(char *base, size_t root, size_t n, size_t size, cmp_fn cmp)
{
	size_t child;

	while ((child = 2 * root + 1) < n) {
		if (child + 1 < n && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + root * size, base + child * size) >= 0)
			return;
		swap(base + root * size, base + child * size, size);
		root = child;
	}
}

static void heap(char *base, size_t n, size_t size, cmp_fn cmp)
{
	size_t i;

	for (i = n / 2; i--;)
		sift(base, i, n, size, cmp);
	for (i = n; i-- > 1;) {
		swap(base, base + i * size, size);
		sift(base, 0, i, size, cmp);
	}
}

static void insertion(char *base, size_t n, size_t size, cmp_fn cmp)
{
	size_t i, j;

	for (i = 1; i < n; i++)
		for (j = i; j && cmp(base + (j - 1) * size, base + j * size) > 0; j--)
			swap(base + (j - 1) * size, base + j * size, size);
}

/* Quicksort that falls back to heap sort when the pivots are bad. */
static void intro(char *base, size_t n, size_t size, cmp_fn cmp, int depth)
{
	while (n > 12) {
		char *mid = base + n / 2 * size, *last = base + (n - 1) * size, *i, *j;
		size_t left;

		if (!depth--) {
			heap(base, n, size, cmp);
			return;
		}
		if (cmp(base, mid) > 0)
			swap(base, mid, size);
		if (cmp(mid, last) > 0) {
			swap(mid, last, size);
			if (cmp(base, mid) > 0)
				swap(base, mid, size);
		}
		swap(base, mid, size); /* the pivot stands first */
		for (i = base, j = base + n * size;;) {
			do
				i += size;
			while (i < base + n * size && cmp(i, base) < 0);
			do
				j -= size;
			while (cmp(j, base) > 0);
			if (i >= j)
				break;
			swap(i, j, size);
		}
		swap(base, j, size);
		left = (size_t)(j - base) / size;
		if (left < n - left - 1) {
			intro(base, left, size, cmp, depth);
			base = j + size;
			n -= left + 1;
		} else {
			intro(j + size, n - left - 1, size, cmp, depth);
			n = left;
		}
	}
	insertion(base, n, size, cmp);
}

void qsort(void *base, size_t n, size_t size, cmp_fn cmp)
{
	int depth = 2;
	size_t k;

	for (k = n; k; k >>= 1)
		depth += 2;
	intro(base, n, size, cmp, depth);
}

void *bsearch(const void *key, const void *base, size_t n, size_t size, cmp_fn cmp)
{
	const char *lo = base;

	while (n) {
		const char *mid = lo + n / 2 * size;
		int c = cmp(key, mid);

		if (!c)
			return (void *)mid;
		if (c > 0) {
			lo = mid + size;
			n -= n / 2 + 1;
		} else {
			n /= 2;
		}
	}
	return NULL;
}
