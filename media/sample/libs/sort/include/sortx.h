/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef int (*sort_cmp)(const void *a, const void *b);
/* Stable, uses runs that are there already (as timsort does). */
int merge_sort(void *base, size_t n, size_t size, sort_cmp cmp);
void radix_sort_u32(uint32_t *v, size_t n);
void shell_sort(int *v, size_t n);
void counting_sort(uint8_t *v, size_t n);
size_t top_k(const int *v, size_t n, int *out, size_t k);
int quick_select(int *v, size_t n, size_t k);
size_t unique(int *v, size_t n);
/* Sorts the lines of a file by parts that are merged. */
long external_sort(const char *from, const char *to, size_t memory);
