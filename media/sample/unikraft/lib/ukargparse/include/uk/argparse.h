/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
/* Split a line into arguments, in place; quotes and backslashes are known. */
int uk_argnparse(char *line, unsigned long len, char *argv[], int max);
