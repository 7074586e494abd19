/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/allocimpl.h>

/* Gives memory in ascending order and never takes it back. */
struct uk_alloc *uk_allocregion_init(void *base, size_t len);
