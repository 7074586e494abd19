/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <encode.h>
#include <json.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

struct parser {
	const char *s, *p, *end;
	const char *what;
	int depth;
};

static struct json *value(struct parser *p);

static void *fail(struct parser *p, const char *what)
{
	if (!p->what)
		p->what = what;
	return NULL;
}

static void skip(struct parser *p)
{
	while (p->p < p->end && (*p->p == ' ' || *p->p == '\t' || *p->p == '\n' || *p->p == '\r'))
		p->p++;
}

static int peek(struct parser *p)
{
	skip(p);
	return p->p < p->end ? (unsigned char)*p->p : -1;
}

static int hex4(struct parser *p, uint32_t *v)
{
	uint8_t b[2];

	if (p->end - p->p < 4 || hex_decode(p->p, 4, b, 2) != 2)
		return -1;
	*v = (uint32_t)b[0] << 8 | b[1];
	p->p += 4;
	return 0;
}

/* \uXXXX, or two of them for a character outside of the basic plane */
static int unicode(struct parser *p, char **out)
{
	uint32_t hi, lo;

	if (hex4(p, &hi))
		return -1;
	if (hi >= 0xdc00 && hi < 0xe000)
		return -1;
	if (hi >= 0xd800 && hi < 0xdc00) {
		if (p->end - p->p < 2 || p->p[0] != '\\' || p->p[1] != 'u')
			return -1;
		p->p += 2;
		if (hex4(p, &lo) || lo < 0xdc00 || lo >= 0xe000)
			return -1;
		hi = 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
	}
	*out += utf8_put(*out, hi);
	return 0;
}

static char *string(struct parser *p, size_t *len)
{
	char *buf, *out;

	p->p++;
	out = buf = malloc((size_t)(p->end - p->p) + 1);
	if (!buf)
		return fail(p, "no memory");
	while (p->p < p->end && *p->p != '"') {
		unsigned char c = (unsigned char)*p->p++;
		const char *run = p->p - 1;
		uint32_t cp;

		if (c < 0x20) {
			fail(p, "control character in string");
			break;
		}
		if (c >= 0x80) {
			if (utf8_get(&run, p->end, &cp)) {
				fail(p, "bad UTF-8");
				break;
			}
			memcpy(out, p->p - 1, (size_t)(run - p->p + 1));
			out += run - p->p + 1;
			p->p = run;
			continue;
		}
		if (c != '\\') {
			*out++ = (char)c;
			continue;
		}
		if (p->p == p->end)
			break;
		switch (*p->p++) {
		case '"': *out++ = '"'; break;
		case '\\': *out++ = '\\'; break;
		case '/': *out++ = '/'; break;
		case 'b': *out++ = '\b'; break;
		case 'f': *out++ = '\f'; break;
		case 'n': *out++ = '\n'; break;
		case 'r': *out++ = '\r'; break;
		case 't': *out++ = '\t'; break;
		case 'u':
			if (unicode(p, &out))
				fail(p, "bad unicode escape");
			break;
		default:
			fail(p, "unknown escape");
		}
		if (p->what)
			break;
	}
	if (!p->what && p->p == p->end)
		fail(p, "string without end");
	if (p->what) {
		free(buf);
		return NULL;
	}
	p->p++;
	*out = 0;
	*len = (size_t)(out - buf);
	return buf;
}

static struct json *number(struct parser *p)
{
	const char *start = p->p;
	int fraction = 0;
	struct json *v;

	if (*p->p == '-')
		p->p++;
	if (p->p == p->end || !isdigit((unsigned char)*p->p))
		return fail(p, "digit expected");
	if (*p->p == '0' && p->p + 1 < p->end && isdigit((unsigned char)p->p[1]))
		return fail(p, "leading zero");
	while (p->p < p->end && isdigit((unsigned char)*p->p))
		p->p++;
	if (p->p < p->end && *p->p == '.') {
		fraction = 1;
		p->p++;
		if (p->p == p->end || !isdigit((unsigned char)*p->p))
			return fail(p, "digit expected");
		while (p->p < p->end && isdigit((unsigned char)*p->p))
			p->p++;
	}
	if (p->p < p->end && (*p->p == 'e' || *p->p == 'E')) {
		fraction = 1;
		p->p++;
		if (p->p < p->end && (*p->p == '+' || *p->p == '-'))
			p->p++;
		if (p->p == p->end || !isdigit((unsigned char)*p->p))
			return fail(p, "digit expected");
		while (p->p < p->end && isdigit((unsigned char)*p->p))
			p->p++;
	}
	if (!fraction && p->p - start < 19)
		return json_int(strtol(start, NULL, 10));
	v = json_new(JSON_NUMBER);
	if (v) {
		v->text = malloc((size_t)(p->p - start) + 1);
		strlcpy(v->text, start, (size_t)(p->p - start) + 1);
	}
	return v;
}

static struct json *array(struct parser *p)
{
	struct json *v = json_new(JSON_ARRAY), *item;

	p->p++;
	if (peek(p) == ']') {
		p->p++;
		return v;
	}
	for (;;) {
		item = value(p);
		if (!item || json_append(v, item))
			break;
		if (peek(p) == ']') {
			p->p++;
			return v;
		}
		if (peek(p) != ',') {
			fail(p, "expected , or ]");
			break;
		}
		p->p++;
	}
	json_free(v);
	return NULL;
}

static struct json *object(struct parser *p)
{
	struct json *v = json_new(JSON_OBJECT), *item;
	size_t len;
	char *key;

	p->p++;
	if (peek(p) == '}') {
		p->p++;
		return v;
	}
	for (;;) {
		if (peek(p) != '"') {
			fail(p, "expected a key");
			break;
		}
		key = string(p, &len);
		if (!key)
			break;
		if (peek(p) != ':') {
			free(key);
			fail(p, "expected :");
			break;
		}
		p->p++;
		item = value(p);
		if (item)
			json_set(v, key, item);
		free(key);
		if (!item)
			break;
		if (peek(p) == '}') {
			p->p++;
			return v;
		}
		if (peek(p) != ',') {
			fail(p, "expected , or }");
			break;
		}
		p->p++;
	}
	json_free(v);
	return NULL;
}

static int literal(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(p->end - p->p) < n || memcmp(p->p, word, n))
		return 0;
	p->p += n;
	return 1;
}

static struct json *value(struct parser *p)
{
	struct json *v = NULL;
	size_t len;
	char *s;

	if (++p->depth > MAX_DEPTH)
		return fail(p, "too deep");
	switch (peek(p)) {
	case '{':
		v = object(p);
		break;
	case '[':
		v = array(p);
		break;
	case '"':
		s = string(p, &len);
		if (s) {
			v = json_new(JSON_STRING);
			v->str.s = s;
			v->str.len = len;
		}
		break;
	case '-':
	case '0' ... '9':
		v = number(p);
		break;
	case 't':
		v = literal(p, "true") ? json_bool(1) : fail(p, "unknown word");
		break;
	case 'f':
		v = literal(p, "false") ? json_bool(0) : fail(p, "unknown word");
		break;
	case 'n':
		v = literal(p, "null") ? json_new(JSON_NULL) : fail(p, "unknown word");
		break;
	case -1:
		fail(p, "unexpected end");
		break;
	default:
		fail(p, "unexpected character");
	}
	p->depth--;
	return v;
}

struct json *json_parse(const char *s, size_t n, struct json_error *err)
{
	struct parser p = { s, s, s + n, NULL, 0 };
	struct json *v = value(&p);

	if (v && peek(&p) != -1) {
		fail(&p, "something behind the value");
		json_free(v);
		v = NULL;
	}
	if (!v && err) {
		const char *c;

		err->what = p.what ? p.what : "no memory";
		err->line = err->column = 1;
		for (c = s; c < p.p; c++) {
			err->column++;
			if (*c == '\n') {
				err->line++;
				err->column = 1;
			}
		}
	}
	return v;
}
