/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <uk/coll.h>

/* ustar archives of the files below a directory. */
int tar_create(const char *root, struct uk_strbuf *out);
int tar_extract(const void *data, size_t n, const char *root);
int tar_list(const void *data, size_t n,
	     void (*fn)(const char *name, size_t size, int is_dir, void *arg), void *arg);
