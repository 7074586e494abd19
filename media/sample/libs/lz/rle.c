/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <lz.h>

/* n < 128: n + 1 bytes follow; otherwise one byte, n - 126 times */
long rle_encode(const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	size_t i = 0, len = 0;

	while (i < n) {
		size_t run = 1, j;

		while (i + run < n && run < 129 && in[i + run] == in[i])
			run++;
		if (run > 2) {
			if (len + 2 > cap)
				return -1;
			out[len++] = (uint8_t)(run + 126);
			out[len++] = in[i];
			i += run;
			continue;
		}
		for (j = i; j < n && j - i < 128; j++)
			if (j + 2 < n && in[j] == in[j + 1] && in[j] == in[j + 2])
				break;
		if (len + 1 + (j - i) > cap)
			return -1;
		out[len++] = (uint8_t)(j - i - 1);
		while (i < j)
			out[len++] = in[i++];
	}
	return (long)len;
}

long rle_decode(const uint8_t *in, size_t n, uint8_t *out, size_t cap)
{
	size_t i = 0, len = 0, k;

	while (i < n) {
		uint8_t c = in[i++];

		if (c < 128) {
			k = c + 1U;
			if (i + k > n || len + k > cap)
				return -1;
			while (k--)
				out[len++] = in[i++];
		} else {
			k = c - 126U;
			if (i == n || len + k > cap)
				return -1;
			while (k--)
				out[len++] = in[i];
			i++;
		}
	}
	return (long)len;
}
