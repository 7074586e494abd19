/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stdint.h>

static inline unsigned int uk_ffs64(uint64_t v) { return (unsigned int)__builtin_ctzl(v); }
static inline unsigned int uk_fls64(uint64_t v) { return 63 - (unsigned int)__builtin_clzl(v); }
static inline uint32_t uk_rol32(uint32_t v, unsigned int n) { return v << n | v >> (32 - n); }
static inline uint32_t uk_ror32(uint32_t v, unsigned int n) { return v >> n | v << (32 - n); }
static inline uint64_t uk_rol64(uint64_t v, unsigned int n) { return v << n | v >> (64 - n); }
static inline uint64_t uk_ror64(uint64_t v, unsigned int n) { return v >> n | v << (64 - n); }
static inline uint32_t uk_be32(const void *p) { uint32_t v; __builtin_memcpy(&v, p, 4); return __builtin_bswap32(v); }
static inline uint64_t uk_be64(const void *p) { uint64_t v; __builtin_memcpy(&v, p, 8); return __builtin_bswap64(v); }
static inline uint16_t uk_be16(const void *p) { uint16_t v; __builtin_memcpy(&v, p, 2); return __builtin_bswap16(v); }
static inline uint32_t uk_le32(const void *p) { uint32_t v; __builtin_memcpy(&v, p, 4); return v; }
static inline uint64_t uk_le64(const void *p) { uint64_t v; __builtin_memcpy(&v, p, 8); return v; }
static inline void uk_put_be16(void *p, uint16_t v) { v = __builtin_bswap16(v); __builtin_memcpy(p, &v, 2); }
static inline void uk_put_be32(void *p, uint32_t v) { v = __builtin_bswap32(v); __builtin_memcpy(p, &v, 4); }
static inline void uk_put_be64(void *p, uint64_t v) { v = __builtin_bswap64(v); __builtin_memcpy(p, &v, 8); }
static inline void uk_put_le32(void *p, uint32_t v) { __builtin_memcpy(p, &v, 4); }
static inline void uk_put_le64(void *p, uint64_t v) { __builtin_memcpy(p, &v, 8); }
