/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

size_t base64_encode(const void *data, size_t n, char *out, size_t cap, int url);
long base64_decode(const char *s, size_t n, uint8_t *out, size_t cap);
size_t base32_encode(const void *data, size_t n, char *out, size_t cap);
long base32_decode(const char *s, size_t n, uint8_t *out, size_t cap);
size_t hex_encode(const void *data, size_t n, char *out, size_t cap);
long hex_decode(const char *s, size_t n, uint8_t *out, size_t cap);
size_t url_encode(const char *s, size_t n, char *out, size_t cap);
long url_decode(const char *s, size_t n, char *out, size_t cap);
int url_query_get(const char *query, const char *key, char *out, size_t cap);
size_t varint_put(uint8_t *out, uint64_t v);
size_t varint_get(const uint8_t *p, size_t n, uint64_t *v);
uint64_t zigzag(int64_t v);
int64_t unzigzag(uint64_t v);
size_t utf8_put(char out[4], uint32_t cp);
int utf8_get(const char **s, const char *end, uint32_t *cp);
long utf8_length(const char *s, size_t n);
size_t html_escape(const char *s, size_t n, char *out, size_t cap);
