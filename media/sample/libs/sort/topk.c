/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <sortx.h>

static void swap(int *a, int *b)
{
	int t = *a;

	*a = *b;
	*b = t;
}

static void sift(int *h, size_t i, size_t n)
{
	size_t c;

	while ((c = 2 * i + 1) < n) {
		c += c + 1 < n && h[c + 1] < h[c];
		if (h[i] <= h[c])
			return;
		swap(&h[i], &h[c]);
		i = c;
	}
}

/* The k largest, in falling order, through a heap of the k best. */
size_t top_k(const int *v, size_t n, int *out, size_t k)
{
	size_t have = 0, i;

	for (i = 0; i < n && k; i++) {
		if (have < k) {
			size_t j = have++;

			out[j] = v[i];
			for (; j && out[(j - 1) / 2] > out[j]; j = (j - 1) / 2)
				swap(&out[j], &out[(j - 1) / 2]);
		} else if (v[i] > out[0]) {
			out[0] = v[i];
			sift(out, 0, k);
		}
	}
	for (i = have; i > 1; i--) {
		swap(&out[0], &out[i - 1]);
		sift(out, 0, i - 1);
	}
	return have;
}

int quick_select(int *v, size_t n, size_t k)
{
	size_t lo = 0, hi = n - 1;

	while (lo < hi) {
		int pivot = v[lo + (hi - lo) / 2];
		size_t i = lo, j = hi;

		for (;;) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			swap(&v[i++], &v[j--]);
		}
		if (k <= j)
			hi = j;
		else
			lo = j + 1;
	}
	return v[k];
}

size_t unique(int *v, size_t n)
{
	size_t i, k = 0;

	for (i = 0; i < n; i++)
		if (!k || v[k - 1] != v[i])
			v[k++] = v[i];
	return k;
}
