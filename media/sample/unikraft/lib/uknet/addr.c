/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include "net_priv.h"

int net_addr_parse(const char *s, ip4_t *ip)
{
	int i;

	*ip = 0;
	for (i = 0; i < 4; i++) {
		unsigned int v = 0, digits = 0;

		for (; isdigit((unsigned char)*s); s++, digits++)
			v = v * 10 + (unsigned int)(*s - '0');
		if (!digits || digits > 3 || v > 255)
			return -EINVAL;
		*ip = *ip << 8 | v;
		if (*s != (i < 3 ? '.' : '\0'))
			return -EINVAL;
		s++;
	}
	return 0;
}

const char *net_addr_format(ip4_t ip, char out[16])
{
	snprintf(out, 16, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 255, ip >> 8 & 255, ip & 255);
	return out;
}
