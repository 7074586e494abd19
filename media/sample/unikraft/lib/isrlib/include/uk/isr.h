/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

void *memcpy_isr(void *d, const void *s, size_t n);
void *memset_isr(void *d, int c, size_t n);
int memcmp_isr(const void *a, const void *b, size_t n);
void *memmove_isr(void *d, const void *s, size_t n);
size_t strnlen_isr(const char *s, size_t n);
int strncmp_isr(const char *a, const char *b, size_t n);
char *strncpy_isr(char *d, const char *s, size_t n);
const char *strchr_isr(const char *s, int c);
size_t utoa_isr(char *buf, size_t cap, unsigned long v, unsigned int base);

/* A ring of words, written by a handler and read by a thread. */
struct uk_isr_ring {
	volatile uint32_t head, tail;
	uint32_t mask, dropped;
	unsigned long *slots;
};
void uk_isr_ring_init(struct uk_isr_ring *r, unsigned long *slots, uint32_t n);
int uk_isr_ring_put(struct uk_isr_ring *r, unsigned long v);
int uk_isr_ring_get(struct uk_isr_ring *r, unsigned long *v);
