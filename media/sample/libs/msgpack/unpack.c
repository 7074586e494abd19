/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

struct reader {
	const uint8_t *p, *end;
	int depth;
};

static struct json *value(struct reader *r);

static int take(struct reader *r, int bytes, uint64_t *v)
{
	*v = 0;
	if (r->end - r->p < bytes)
		return -1;
	while (bytes--)
		*v = *v << 8 | *r->p++;
	return 0;
}

static struct json *string(struct reader *r, uint64_t n)
{
	struct json *v;

	if ((uint64_t)(r->end - r->p) < n)
		return NULL;
	v = json_string((const char *)r->p, n);
	r->p += n;
	return v;
}

static struct json *array(struct reader *r, uint64_t n)
{
	struct json *v = json_new(JSON_ARRAY);

	while (n--) {
		struct json *item = value(r);

		if (!item || json_append(v, item)) {
			json_free(v);
			return NULL;
		}
	}
	return v;
}

static struct json *map(struct reader *r, uint64_t n)
{
	struct json *v = json_new(JSON_OBJECT);

	while (n--) {
		struct json *key = value(r), *item = key ? value(r) : NULL;

		if (!item || key->type != JSON_STRING || json_set(v, key->str.s, item)) {
			json_free(key);
			json_free(v);
			return NULL;
		}
		json_free(key);
	}
	return v;
}

static struct json *tagged(struct reader *r, uint8_t tag)
{
	struct json *v;
	uint64_t n;

	switch (tag) {
	case 0xc0:
		return json_new(JSON_NULL);
	case 0xc2:
	case 0xc3:
		return json_bool(tag & 1);
	case 0xc7:
		if (take(r, 1, &n) || r->end - r->p < (long)n + 1 || *r->p != 1)
			return NULL;
		v = json_new(JSON_NUMBER);
		v->text = calloc(1, n + 1);
		memcpy(v->text, r->p + 1, n);
		r->p += n + 1;
		return v;
	case 0xcc:
	case 0xcd:
	case 0xce:
	case 0xcf:
		return take(r, 1 << (tag - 0xcc), &n) ? NULL : json_int((int64_t)n);
	case 0xd0:
		return take(r, 1, &n) ? NULL : json_int((int8_t)n);
	case 0xd1:
		return take(r, 2, &n) ? NULL : json_int((int16_t)n);
	case 0xd2:
		return take(r, 4, &n) ? NULL : json_int((int32_t)n);
	case 0xd3:
		return take(r, 8, &n) ? NULL : json_int((int64_t)n);
	case 0xd9:
	case 0xda:
	case 0xdb:
		return take(r, 1 << (tag - 0xd9), &n) ? NULL : string(r, n);
	case 0xdc:
	case 0xdd:
		return take(r, 2 << (tag - 0xdc), &n) ? NULL : array(r, n);
	case 0xde:
	case 0xdf:
		return take(r, 2 << (tag - 0xde), &n) ? NULL : map(r, n);
	default:
		return NULL;
	}
}

static struct json *value(struct reader *r)
{
	struct json *v = NULL;
	uint8_t tag;

	if (r->p == r->end || r->depth > 64)
		return NULL;
	r->depth++;
	tag = *r->p++;
	if (tag < 0x80 || tag >= 0xe0)
		v = json_int((int8_t)tag);
	else if (tag < 0x90)
		v = map(r, tag & 15);
	else if (tag < 0xa0)
		v = array(r, tag & 15);
	else if (tag < 0xc0)
		v = string(r, tag & 31);
	else
		v = tagged(r, tag);
	r->depth--;
	return v;
}

struct json *msgpack_to_json(const uint8_t *p, size_t n, size_t *used)
{
	struct reader r = { p, p + n, 0 };
	struct json *v = value(&r);

	*used = (size_t)(r.p - p);
	return v;
}
