/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#ifndef REPORT_PRIV_H
#define REPORT_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include <uk/coll.h>

/* Appends the text with everything that looks like a secret blacked out. */
int report__redact(const char *text, struct uk_strbuf *out);

/* Both return a length, or a negative number; the caller frees *out. */
long report__pack(const char *text, size_t n, uint8_t **out);
long report__unpack(const uint8_t *packed, size_t n, char **out);

#endif
