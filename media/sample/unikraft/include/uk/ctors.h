/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

/* Constructors run before the heap exists; lower priorities run first. */
typedef void (*uk_ctor_func_t)(void);
extern const uk_ctor_func_t uk_ctortab_start[], uk_ctortab_end[];

#define _UK_CTORTAB(fn, prio) \
	static const uk_ctor_func_t __used __section(".uk_ctortab" #prio) __align(8) \
		__uk_ctor_##fn = (fn)
#define UK_CTOR_PRIO(fn, prio) _UK_CTORTAB(fn, prio)
