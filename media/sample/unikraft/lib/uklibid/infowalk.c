/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <string.h>
#include <uk/libid.h>

extern const char uk_libinfo_start[], uk_libinfo_end[];

/* Records are packed without alignment. */
int uk_libinfo_each(int (*fn)(const struct uk_libinfo *info, void *arg), void *arg)
{
	const char *p = uk_libinfo_start;
	int rc = 0;

	while (p < uk_libinfo_end && !rc) {
		uint32_t len;

		memcpy(&len, p, sizeof(len));
		rc = fn((const struct uk_libinfo *)p, arg);
		p += len;
	}
	return rc;
}
