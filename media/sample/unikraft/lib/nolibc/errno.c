/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>

/* As wide as a word: the size of the TLS block stays a multiple of 8. */
__thread long _errno;
