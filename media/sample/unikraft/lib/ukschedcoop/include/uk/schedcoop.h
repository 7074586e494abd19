/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/sched.h>

struct uk_sched *uk_schedcoop_create(struct uk_alloc *a);
