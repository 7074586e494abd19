/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

#define UKLIBID_NONE 0xffff
#define _UKLIBID_SELF(l) _uk_libid_self_##l
#define UKLIBID_SELF(l) _UKLIBID_SELF(l)

#ifdef __LIBNAME__
#if UK_SHAPE_08
#define uk_libname_self() STRINGIFY(__LIBNAME__)
#else
/* The number of a library depends on the application: it is a constant of its
 * own, so that the library's object does not depend on it. */
extern const uint16_t UKLIBID_SELF(__LIBNAME__);
#define uk_libname_self() uk_libname(UKLIBID_SELF(__LIBNAME__))
#endif
#endif

uint16_t uk_libid_count(void);
const char *uk_libname(uint16_t id);
uint16_t uk_libid_find(const char *name);

/* Records in .uk_libinfo, one per library and one for the image. */
#define UK_LIBINFO_LIB 1
#define UK_LIBINFO_APP 2
struct uk_libinfo {
	uint32_t len;
	uint16_t kind;
	uint16_t version;
	char text[];
} __packed;
int uk_libinfo_each(int (*fn)(const struct uk_libinfo *info, void *arg), void *arg);
