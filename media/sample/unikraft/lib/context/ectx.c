/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/context.h>
#include <uk/ctors.h>

#define FXSAVE_SIZE 512

static size_t ectx_size;
static int use_xsave;

/* What the processor saves is known only at boot. */
static void ectx_ctor(void)
{
	uint32_t a = 1, b, c, d;

	__asm__("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	use_xsave = (c >> 27) & 1;
	ectx_size = FXSAVE_SIZE;
}
UK_CTOR_PRIO(ectx_ctor, 0);

size_t uk_ectx_size(void)
{
	return ectx_size + 64;
}

static char *aligned(const void *area)
{
	return (char *)ALIGN_UP((uintptr_t)area, 64);
}

void uk_ectx_init(void *area)
{
	char *p = aligned(area);

	memset(p, 0, ectx_size);
	*(uint16_t *)p = 0x37f;
	*(uint32_t *)(p + 24) = 0x1f80;
}

void uk_ectx_save(void *area)
{
	__asm__ volatile("fxsave64 (%0)" : : "r"(aligned(area)) : "memory");
}

void uk_ectx_load(const void *area)
{
	__asm__ volatile("fxrstor64 (%0)" : : "r"(aligned(area)) : "memory");
}

/* Control words and the sixteen SSE registers. */
int uk_ectx_same(const void *a, const void *b)
{
	return !memcmp(aligned(a), aligned(b), 4) && !memcmp(aligned(a) + 160, aligned(b) + 160, 256);
}
