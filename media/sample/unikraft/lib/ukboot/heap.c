/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/allocimpl.h>
#include <uk/config.h>
#include <uk/plat/bootinfo.h>
#include <uk/print.h>
#include "boot_priv.h"

#if CONFIG_LIBUKBOOT_ALLOCREGION
#include <uk/allocregion.h>
#define first_heap uk_allocregion_init
#else
#include <uk/allocbbuddy.h>
#define first_heap uk_allocbbuddy_init
#endif

/* The heap starts in the largest free region, behind the image; the others,
 * such as holes between its segments, are added to it. */
struct uk_alloc *uk_boot__heap(void)
{
	const struct ukplat_memregion *r = NULL, *best = NULL;
	struct uk_alloc *a;

	while ((r = ukplat_memregion_next(r, UKPLAT_MEMRT_FREE)))
		if (!best || r->len > best->len)
			best = r;
	if (!best)
		return NULL;
	a = first_heap((void *)best->vbase, best->len);
	if (!a)
		return NULL;
#if !CONFIG_LIBUKBOOT_ALLOCREGION /* which knows one region only */
	for (r = NULL; (r = ukplat_memregion_next(r, UKPLAT_MEMRT_FREE));)
		if (r != best && uk_alloc_addmem(a, (void *)r->vbase, r->len) < 0)
			uk_pr_err("memory region of %u page(s) at 0x%lx is of no use\n",
				  r->pg_count, r->vbase);
#endif
	return a;
}
