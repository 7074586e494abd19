/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/alloc.h>

struct uk_alloc *uk_boot__heap(void);
int uk_boot__args(struct ukplat_bootinfo *bi, char ***argv);
void uk_boot__banner(void);
