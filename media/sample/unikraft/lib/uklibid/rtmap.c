/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/libid.h>

extern const char *uk_libid__names[];
extern const uint16_t uk_libid__count;

uint16_t uk_libid_count(void)
{
	return uk_libid__count;
}

const char *uk_libname(uint16_t id)
{
	return id < uk_libid__count ? uk_libid__names[id] : NULL;
}

/* The table is sorted by name. */
uint16_t uk_libid_find(const char *name)
{
	uint16_t lo = 0, hi = uk_libid__count;

	while (lo < hi) {
		uint16_t mid = (uint16_t)((lo + hi) / 2);
		int c = strcmp(name, uk_libid__names[mid]);

		if (!c)
			return mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return UKLIBID_NONE;
}
