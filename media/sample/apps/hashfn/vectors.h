/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct vector {
	const char *kind, *input;
	unsigned int repeat;
	const char *want;
};
extern const struct vector vectors[];
extern const size_t nvectors;
int hash_tree(void);
void to_hex(const uint8_t *h, size_t n, char out[136]);
