/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <sortx.h>
#include <stdlib.h>
#include <string.h>

void radix_sort_u32(uint32_t *v, size_t n)
{
	uint32_t *tmp = malloc(n * sizeof(*tmp)), *from = v, *to = tmp, *t;
	size_t count[256], i, sum, k;
	int shift;

	if (!tmp)
		return;
	for (shift = 0; shift < 32; shift += 8) {
		memset(count, 0, sizeof(count));
		for (i = 0; i < n; i++)
			count[from[i] >> shift & 255]++;
		for (i = sum = 0; i < 256; i++) {
			k = count[i];
			count[i] = sum;
			sum += k;
		}
		for (i = 0; i < n; i++)
			to[count[from[i] >> shift & 255]++] = from[i];
		t = from;
		from = to;
		to = t;
	}
	free(tmp);
}

void shell_sort(int *v, size_t n)
{
	static const size_t gaps[] = { 701, 301, 132, 57, 23, 10, 4, 1 };
	size_t g, i, j;

	for (g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
		for (i = gaps[g]; i < n; i++) {
			int x = v[i];

			for (j = i; j >= gaps[g] && v[j - gaps[g]] > x; j -= gaps[g])
				v[j] = v[j - gaps[g]];
			v[j] = x;
		}
	}
}

void counting_sort(uint8_t *v, size_t n)
{
	size_t count[256] = { 0 }, i, k;

	for (i = 0; i < n; i++)
		count[v[i]]++;
	for (i = 0; i < 256; i++)
		for (k = count[i]; k; k--)
			*v++ = (uint8_t)i;
}
