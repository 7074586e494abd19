/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/allocimpl.h>

struct uk_alloc *uk_allocbbuddy_init(void *base, size_t len);
int uk_allocbbuddy_check(struct uk_alloc *a, unsigned long free_per_order[], int orders);
