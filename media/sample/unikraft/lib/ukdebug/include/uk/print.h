/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stdarg.h>
#include <uk/config.h>
#include <uk/libid.h>

#define UK_PRINT_CRIT 0
#define UK_PRINT_ERR 1
#define UK_PRINT_WARN 2
#define UK_PRINT_INFO 3
#define UK_PRINT_DEBUG 4

#ifndef CONFIG_LIBUKDEBUG_LEVEL
#define CONFIG_LIBUKDEBUG_LEVEL UK_PRINT_ERR
#endif

void _uk_printk(int level, const char *lib, const char *base, unsigned int line, const char *fmt,
		...) __printf(5, 6);
void _uk_vprintk(int level, const char *lib, const char *base, unsigned int line, const char *fmt,
		 va_list ap);

#define uk_printk(level, fmt, ...) \
	do { \
		if ((level) <= CONFIG_LIBUKDEBUG_LEVEL) \
			_uk_printk(level, uk_libname_self(), STRINGIFY(__BASENAME__), __LINE__, fmt, \
				   ##__VA_ARGS__); \
	} while (0)
#define uk_pr_crit(fmt, ...) uk_printk(UK_PRINT_CRIT, fmt, ##__VA_ARGS__)
#define uk_pr_err(fmt, ...) uk_printk(UK_PRINT_ERR, fmt, ##__VA_ARGS__)
#define uk_pr_warn(fmt, ...) uk_printk(UK_PRINT_WARN, fmt, ##__VA_ARGS__)
#define uk_pr_info(fmt, ...) uk_printk(UK_PRINT_INFO, fmt, ##__VA_ARGS__)
#define uk_pr_debug(fmt, ...) uk_printk(UK_PRINT_DEBUG, fmt, ##__VA_ARGS__)

#define UK_HEXDUMP_OFFSET 1
#define UK_HEXDUMP_ASCII 2
#define UK_HEXDUMP_GROUP4 4
void uk_hexdump(const void *data, size_t len, int flags, unsigned int columns, const char *prefix);
