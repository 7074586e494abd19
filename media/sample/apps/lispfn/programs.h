/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once

extern const char *const lisp_programs[];
extern const char *const vm_programs[];
