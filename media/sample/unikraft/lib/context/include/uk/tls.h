/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/alloc.h>

size_t uk_tls_area_size(void);
void *uk_tls_alloc(struct uk_alloc *a);
void uk_tls_free(struct uk_alloc *a, void *area);
unsigned long uk_tls_tlsp(void *area);
