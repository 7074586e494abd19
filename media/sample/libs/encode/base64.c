/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>

static const char std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char web[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char b32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static void put(char *out, size_t cap, size_t *n, char c)
{
	if (*n + 1 < cap)
		out[*n] = c;
	++*n;
}

static size_t end(char *out, size_t cap, size_t n)
{
	if (cap)
		out[n < cap ? n : cap - 1] = 0;
	return n;
}

size_t base64_encode(const void *data, size_t n, char *out, size_t cap, int url)
{
	const uint8_t *p = data;
	const char *set = url ? web : std;
	size_t len = 0, i;

	for (; n; p += 3) {
		size_t k = n < 3 ? n : 3;
		uint32_t v = (uint32_t)p[0] << 16 | (k > 1 ? (uint32_t)p[1] << 8 : 0) | (k > 2 ? p[2] : 0);

		for (i = 0; i < 4; i++) {
			if (i <= k)
				put(out, cap, &len, set[v >> (18 - 6 * i) & 63]);
			else if (!url)
				put(out, cap, &len, '=');
		}
		n -= k;
	}
	return end(out, cap, len);
}

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

long base64_decode(const char *s, size_t n, uint8_t *out, size_t cap)
{
	uint32_t acc = 0;
	int bits = 0;
	size_t len = 0;

	while (n && s[n - 1] == '=')
		n--;
	if (n % 4 == 1)
		return -1;
	for (; n--; s++) {
		int v = value(*s);

		if (v < 0)
			return -1;
		acc = acc << 6 | (uint32_t)v;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			if (len == cap)
				return -1;
			out[len++] = (uint8_t)(acc >> bits);
		}
	}
	/* what is left must be zeros */
	return acc & ((1U << bits) - 1) ? -1 : (long)len;
}

size_t base32_encode(const void *data, size_t n, char *out, size_t cap)
{
	const uint8_t *p = data;
	uint64_t acc = 0;
	int bits = 0;
	size_t len = 0;

	for (; n--; p++) {
		acc = acc << 8 | *p;
		for (bits += 8; bits >= 5; bits -= 5)
			put(out, cap, &len, b32[acc >> (bits - 5) & 31]);
	}
	if (bits)
		put(out, cap, &len, b32[acc << (5 - bits) & 31]);
	while (len % 8)
		put(out, cap, &len, '=');
	return end(out, cap, len);
}

long base32_decode(const char *s, size_t n, uint8_t *out, size_t cap)
{
	uint64_t acc = 0;
	int bits = 0;
	size_t len = 0;

	for (; n-- && *s != '='; s++) {
		int v;

		if (*s >= 'A' && *s <= 'Z')
			v = *s - 'A';
		else if (*s >= 'a' && *s <= 'z')
			v = *s - 'a';
		else if (*s >= '2' && *s <= '7')
			v = *s - '2' + 26;
		else
			return -1;
		acc = acc << 5 | (uint64_t)v;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			if (len == cap)
				return -1;
			out[len++] = (uint8_t)(acc >> bits);
		}
	}
	return (long)len;
}
