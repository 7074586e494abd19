/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/lock.h>

struct uk_thread *spawn(const char *name, void (*fn)(void *), void *arg, int flags);
void philosophers(void);
void workers(void);
void numbers(void);
