/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
/* Only macros: the library is a header and an entry in the table of libraries. */
#define uk_fetch_add(p, v) __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST)
#define uk_add_fetch(p, v) __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST)
#define uk_load_n(p) __atomic_load_n(p, __ATOMIC_SEQ_CST)
#define uk_store_n(p, v) __atomic_store_n(p, v, __ATOMIC_SEQ_CST)
#define uk_exchange_n(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define uk_barrier() __asm__ volatile("" : : : "memory")
