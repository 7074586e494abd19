/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>

size_t utf8_put(char out[4], uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 63));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 63));
		out[2] = (char)(0x80 | (cp & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 63));
	out[2] = (char)(0x80 | (cp >> 6 & 63));
	out[3] = (char)(0x80 | (cp & 63));
	return 4;
}

/* Refuses overlong forms, surrogates and what is past U+10FFFF. */
int utf8_get(const char **s, const char *end, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)**s;
	int more = c < 0x80 ? 0 : (c & 0xe0) == 0xc0 ? 1 : (c & 0xf0) == 0xe0 ? 2 : (c & 0xf8) == 0xf0 ? 3 : -1;
	int i;

	if (more < 0 || end - *s <= more)
		return -1;
	*cp = more ? c & (0x3fU >> more) : c;
	for (i = 1; i <= more; i++) {
		unsigned char d = (unsigned char)(*s)[i];

		if ((d & 0xc0) != 0x80)
			return -1;
		*cp = *cp << 6 | (d & 63);
	}
	if (*cp < least[more] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return -1;
	*s += more + 1;
	return 0;
}

long utf8_length(const char *s, size_t n)
{
	const char *end = s + n;
	uint32_t cp;
	long len = 0;

	for (; s < end; len++)
		if (utf8_get(&s, end, &cp))
			return -1;
	return len;
}
