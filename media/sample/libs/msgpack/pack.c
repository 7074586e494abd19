/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <msgpack.h>
#include <string.h>
#include <uk/bitops.h>

static void number(struct uk_strbuf *out, uint8_t tag, uint64_t v, int bytes)
{
	uint8_t b[9] = { tag };
	int i;

	for (i = 0; i < bytes; i++)
		b[1 + i] = (uint8_t)(v >> (8 * (bytes - 1 - i)));
	uk_strbuf_put(out, b, (size_t)bytes + 1);
}

static void integer(struct uk_strbuf *out, int64_t v)
{
	if (v >= 0) {
		if (v < 128)
			uk_strbuf_putc(out, (char)v);
		else if (v < 256)
			number(out, 0xcc, (uint64_t)v, 1);
		else if (v < 65536)
			number(out, 0xcd, (uint64_t)v, 2);
		else if (v <= 0xffffffffL)
			number(out, 0xce, (uint64_t)v, 4);
		else
			number(out, 0xcf, (uint64_t)v, 8);
	} else if (v >= -32) {
		uk_strbuf_putc(out, (char)v);
	} else if (v >= -128) {
		number(out, 0xd0, (uint64_t)v, 1);
	} else if (v >= -32768) {
		number(out, 0xd1, (uint64_t)v, 2);
	} else if (v >= -2147483648L) {
		number(out, 0xd2, (uint64_t)v, 4);
	} else {
		number(out, 0xd3, (uint64_t)v, 8);
	}
}

static void length(struct uk_strbuf *out, size_t n, uint8_t fix, size_t fix_max, uint8_t tag8,
		   uint8_t tag16)
{
	if (n < fix_max)
		uk_strbuf_putc(out, (char)(fix | n));
	else if (tag8 && n < 256)
		number(out, tag8, n, 1);
	else if (n < 65536)
		number(out, tag16, n, 2);
	else
		number(out, (uint8_t)(tag16 + 1), n, 4);
}

static void string(struct uk_strbuf *out, const char *s, size_t n)
{
	length(out, n, 0xa0, 32, 0xd9, 0xda);
	uk_strbuf_put(out, s, n);
}

int msgpack_from_json(const struct json *v, struct uk_strbuf *out)
{
	size_t i;

	switch (v->type) {
	case JSON_NULL:
		uk_strbuf_putc(out, (char)0xc0);
		break;
	case JSON_BOOL:
		uk_strbuf_putc(out, (char)(0xc2 + v->boolean));
		break;
	case JSON_INT:
		integer(out, v->integer);
		break;
	case JSON_NUMBER: /* as an extension: a number as it was written */
		number(out, 0xc7, strlen(v->text), 1);
		uk_strbuf_putc(out, 1);
		uk_strbuf_puts(out, v->text);
		break;
	case JSON_STRING:
		string(out, v->str.s, v->str.len);
		break;
	case JSON_ARRAY:
		length(out, v->list.n, 0x90, 16, 0, 0xdc);
		for (i = 0; i < v->list.n; i++)
			msgpack_from_json(v->list.items[i], out);
		break;
	case JSON_OBJECT:
		length(out, v->list.n, 0x80, 16, 0, 0xde);
		for (i = 0; i < v->list.n; i++) {
			string(out, v->list.keys[i], strlen(v->list.keys[i]));
			msgpack_from_json(v->list.items[i], out);
		}
		break;
	}
	return out->failed;
}
