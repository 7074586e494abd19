/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

int run_vectors(void);
int run_session(void);
int check(const char *what, const uint8_t *got, const char *want);
