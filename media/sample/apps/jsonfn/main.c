/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>
#include <hash.h>
#include <msgpack.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <text.h>
#include <vfs.h>
#include "jsonfn.h"

static const char document[] =
	"{\"shop\":{\"name\":\"Caf\\u00e9 \\ud83d\\ude00\",\"items\":["
	"{\"name\":\"bolt\",\"kind\":\"metal\",\"size\":12,\"price\":0.25,\"stock\":true},"
	"{\"name\":\"plank <oak>\",\"kind\":\"wood\",\"size\":240,\"price\":17.5,\"stock\":false},"
	"{\"name\":\"nail\",\"kind\":\"metal\",\"size\":4,\"price\":0.05,\"stock\":true},"
	"{\"name\":\"glue\",\"kind\":\"paste\",\"size\":30,\"price\":4.99,\"stock\":true},"
	"{\"name\":\"beam\",\"kind\":\"wood\",\"size\":400,\"price\":88,\"stock\":true}]},"
	"\"empty\":[{},[],\"\",null],\"big\":12345678901234567890,\"e\":-1.5e+10}";

static const char *const queries[] = {
	"get /shop/items | where size > 10 | pick name,size | sort -size | first 3",
	"get /shop/items | where kind = metal | sum price",
	"get /shop/items | where name ~ ^[bn].*[lt]$ | pick name",
	"get /shop/items | sort name | pick name,price | first 2",
	"get /shop/items/1/name",
	"get /shop/items | group kind | get /wood/1/name",
	"get /nothing",
	"get /shop | shuffle",
};

static const char *const broken[] = {
	"{\"a\":1,}", "[1 2]", "{\"a\"}", "\"\\ud800\"", "[01]", "tru", "[1]]", "\"tab\there\"", "{\"a\":[}",
	"\xff",
};

static void print(const char *what, const struct json *v)
{
	char *text;

	if (json_print(v, -1, &text) >= 0)
		printf("%s%s\n", what, text);
	free(text);
}

static void difference(const char *path, const struct json *a, const struct json *b, void *arg)
{
	++*(int *)arg;
	printf("  %s: %s\n", path, a && b ? "changed" : a ? "removed" : "added");
}

static void round_trips(const struct json *v)
{
	struct uk_strbuf packed;
	struct json *back, *again;
	char *text, b64[1400];
	size_t used;
	long n = json_print(v, 2, &text);

	back = json_parse(text, (size_t)n, NULL);
	printf("text: %ld bytes, crc %08x, equal %d\n", n, crc32(0, text, (size_t)n), json_equal(v, back));
	uk_strbuf_init(&packed);
	msgpack_from_json(v, &packed);
	again = msgpack_to_json((uint8_t *)packed.s, packed.len, &used);
	base64_encode(packed.s, packed.len, b64, sizeof(b64), 0);
	printf("msgpack: %zu bytes, used %zu, equal %d, %.40s...\n", packed.len, used,
	       again && json_equal(v, again), b64);
	json_free(again);
	json_free(back);
	uk_strbuf_free(&packed);
	free(text);
}

static void patch(const struct json *v)
{
	static const char text[] = "{\"shop\":{\"name\":null,\"open\":true},\"e\":0,\"empty\":{\"x\":1}}";
	struct json *p = json_parse(text, sizeof(text) - 1, NULL);
	struct json *changed = json_merge(json_copy(v), p);
	int n = 0;

	json_diff(v, changed, difference, &n);
	printf("%d differences\n", n);
	json_free(changed);
	json_free(p);
}

static void field(const char *s, size_t n, int row, int col, void *arg)
{
	struct json *rows = arg, *cur;

	(void)row;
	if (!s)
		return;
	if (col == 0)
		json_append(rows, json_new(JSON_ARRAY));
	cur = json_at(rows, json_size(rows) - 1);
	json_append(cur, json_string(s, n));
}

static void texts(void)
{
	static const char csv[] = "id,note\n1,\"say \"\"hi\"\"\"\n2,\"two\nlines\"\n3,\n";
	static const char *const cells[] = { "format", "bytes", "json", "540", "msgpack", "388" };
	struct json *rows = json_new(JSON_ARRAY);
	struct uk_strbuf out;
	struct regex r;
	struct ini *ini;
	int bad;

	printf("csv rows %d: ", csv_parse(csv, sizeof(csv) - 1, ',', field, rows));
	print("", rows);
	json_free(rows);
	ini = ini_parse("; config\n[net]\nport = 8080\nname = \"a b\"\nbroken\n[mem]\nheap=16M\nlazy = off\n", &bad);
	printf("ini: port %ld, name '%s', heap %ld, lazy %d, bad line %d\n",
	       ini_get_int(ini, "net", "port", 0), ini_get(ini, "net", "name", ""),
	       ini_get_int(ini, "mem", "heap", 0), ini_get_bool(ini, "mem", "lazy", 1), bad);
	ini_free(ini);
	uk_strbuf_init(&out);
	regex_compile(&r, "(\\d{4})-(\\d{2})-(\\d{2})", 0);
	printf("%d dates: ", regex_replace(&r, "from 2024-02-29 to 2025-12-31", "$3.$2.$1", &out));
	printf("%s\n", out.s);
	out.len = 0;
	text_table(cells, 3, 2, &out);
	text_wrap("Distinct non-zero pages over the set is the figure that counts.", 24, &out);
	printf("changed %d\n", text_diff("one\ntwo\nthree\n", "one\n2\nthree\nfour\n", &out));
	printf("%sdistance %d\n", out.s, text_distance("kitten", "sitting"));
	uk_strbuf_free(&out);
	printf("a(b: %s\n", regex_compile(&r, "a(b", 0) ? r.error : "accepted");
	if (!regex_compile(&r, "(a*)*b", 0))
		printf("(a*)*b: %d", regex_full(&r, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaac", 30));
	printf(" %d\n", regex_full(&r, "aaab", 4));
	if (!regex_compile(&r, "^[\\w.]+@[a-z.]+\\.(com|org)$", REGEX_ICASE))
		printf("address: %d", regex_full(&r, "Some.One@Example.ORG", 20));
	printf(" %d\n", regex_full(&r, "nobody@example.net", 18));
}

int main(void)
{
	struct json_error err;
	struct json *v, *r;
	char why[64], *file;
	unsigned int i;
	long n;

	vfs_write_file("/input.json", document, sizeof(document) - 1);
	n = vfs_read_file("/input.json", &file);
	v = json_parse(file, (size_t)n, &err);
	if (!v) {
		printf("%zu:%zu: %s\n", err.line, err.column, err.what);
		return 1;
	}
	round_trips(v);
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		printf("? %s\n", queries[i]);
		r = query(v, queries[i], why, sizeof(why));
		if (r)
			print("  ", r);
		else
			printf("  error: %s\n", why);
		json_free(r);
	}
	r = query(v, "get /shop/items | sort name", why, sizeof(why));
	report(r);
	json_free(r);
	patch(v);
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		r = json_parse(broken[i], strlen(broken[i]), &err);
		printf("bad %u: column %zu, %s\n", i, err.column, r ? "accepted" : err.what);
		json_free(r);
	}
	texts();
	printf("%g %.3f %e %5.1f%% %s\n", strtod("6.02214e23", NULL), 2.0 / 3, 0.00012345, 99.95,
	       utf8_length("h\xc3\xa9llo", 6) == 5 ? "utf8" : "?");
	json_free(v);
	free(file);
	return 0;
}
