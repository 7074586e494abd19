/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define PAGE_SIZE 4096UL
#define PAGE_SHIFT 12

#define __stringify(x) #x
#define STRINGIFY(x) __stringify(x)
#define __concat(a, b) a##b
#define CONCAT(a, b) __concat(a, b)

#define __section(s) __attribute__((section(s)))
#define __used __attribute__((used))
#define __unused __attribute__((unused))
#define __packed __attribute__((packed))
#define __weak __attribute__((weak))
#define __noreturn __attribute__((noreturn))
#define __cold __attribute__((cold))
#define __noinline __attribute__((noinline))
#define __align(n) __attribute__((aligned(n)))
#define __printf(f, a) __attribute__((format(printf, f, a)))

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ALIGN_UP(v, a) (((v) + (a) - 1) & ~((a) - 1))
#define ALIGN_DOWN(v, a) ((v) & ~((a) - 1))
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))

/* Pointers that stand for an error, as in PTR_ERR(-12). */
#define ERR2PTR(e) ((void *)(long)(e))
#define PTR2ERR(p) ((int)(long)(p))
#define PTRISERR(p) ((unsigned long)(p) > -4096UL)
