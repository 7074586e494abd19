/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include "net_priv.h"

uint32_t net__sum(uint32_t sum, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (; n > 1; n -= 2, p += 2)
		sum += uk_be16(p);
	if (n)
		sum += (uint32_t)*p << 8;
	return sum;
}

uint16_t net__fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The sum over the pseudo header and the segment; 0 where it is right. */
uint16_t net__pseudo(const struct uk_netbuf *nb, ip4_t src, ip4_t dst, uint8_t proto)
{
	uint32_t sum = (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + proto +
		       (uint32_t)nb->len;

	return net__fold(net__sum(sum, nb->data, nb->len));
}
