/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>
#include <hash.h>
#include <json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/timeconv.h>
#include <vfs.h>
#include "httpd.h"

static const struct {
	const char *path, *text;
} site[] = {
	{ "/www/index.html", "<!doctype html><title>sample</title><h1>It works</h1>\n" },
	{ "/www/style.css", "h1 { color: #246 }\n" },
	{ "/www/data/points.csv", "x,y\n1,2\n3,4\n" },
};

void make_site(void)
{
	unsigned int i;

	vfs_mkdirs("/www/data");
	for (i = 0; i < sizeof(site) / sizeof(site[0]); i++)
		vfs_write_file(site[i].path, site[i].text, strlen(site[i].text));
}

static void fail(struct http_response *r, int status, const char *why)
{
	r->status = status;
	uk_strbuf_printf(&r->body, "%s\n", why);
}

static void get_file(const struct http_request *q, const struct http_params *p, struct http_response *r)
{
	char path[256], etag[16], *data;
	size_t len;
	const char *match;
	long n;

	snprintf(path, sizeof(path), "/www/%.*s", p->n ? (int)p->len[0] : 0, p->n ? p->value[0] : "");
	if (path_normalize("/", path, path, sizeof(path)) < 0 || strncmp(path, "/www", 4)) {
		fail(r, 403, "outside of the site");
		return;
	}
	if (!strcmp(path, "/www"))
		strlcat(path, "/index.html", sizeof(path));
	n = vfs_read_file(path, &data);
	if (n < 0) {
		fail(r, 404, "no such file");
		return;
	}
	snprintf(etag, sizeof(etag), "\"%08x\"", crc32(0, data, (size_t)n));
	http_response_header(r, "ETag", etag);
	match = http_header(q, "If-None-Match", &len);
	if (match && len == strlen(etag) && !memcmp(match, etag, len)) {
		r->status = 304;
	} else {
		http_response_header(r, "Content-Type", http_mime(path));
		uk_strbuf_put(&r->body, data, (size_t)n);
	}
	free(data);
}

static void put_file(const struct http_request *q, const struct http_params *p, struct http_response *r)
{
	char path[256];
	struct stat st;
	int existed;

	snprintf(path, sizeof(path), "/www/%.*s", (int)p->len[0], p->value[0]);
	existed = vfs_stat(path, &st) == 0;
	if (vfs_write_file(path, q->body, q->body_len) < 0)
		fail(r, 409, "cannot write");
	else
		r->status = existed ? 204 : 201;
}

static void del_file(const struct http_request *q __unused, const struct http_params *p,
		     struct http_response *r)
{
	char path[256];

	snprintf(path, sizeof(path), "/www/%.*s", (int)p->len[0], p->value[0]);
	if (vfs_unlink(path) < 0)
		fail(r, 404, "no such file");
	else
		r->status = 204;
}

static int add_entry(const char *path, const struct stat *st, void *arg)
{
	struct json *o = json_new(JSON_OBJECT);

	json_set(o, "path", json_string(path, strlen(path)));
	json_set(o, "size", json_int((int64_t)st->size));
	json_set(o, "dir", json_bool(st->type == VDIR));
	return json_append(arg, o);
}

static void send_json(struct http_response *r, struct json *v)
{
	char *text;
	long n = json_print(v, -1, &text);

	json_free(v);
	if (n < 0) {
		fail(r, 500, "no memory");
		return;
	}
	http_response_header(r, "Content-Type", "application/json");
	uk_strbuf_put(&r->body, text, (size_t)n);
	free(text);
}

static void list(const struct http_request *q __unused, const struct http_params *p __unused,
		 struct http_response *r)
{
	struct json *a = json_new(JSON_ARRAY);

	vfs_walk("/www", add_entry, a);
	send_json(r, a);
}

/* Adds up the numbers of a JSON array. */
static void sum(const struct http_request *q, const struct http_params *p __unused,
		struct http_response *r)
{
	struct json_error err;
	struct json *in, *out;
	int64_t total = 0;
	size_t i;

	if (!http_header_is(q, "Content-Type", "application/json")) {
		fail(r, 415, "JSON only");
		return;
	}
	in = json_parse(q->body, q->body_len, &err);
	if (!in || in->type != JSON_ARRAY) {
		uk_strbuf_printf(&r->body, "line %zu column %zu: ", in ? 1 : err.line,
				 in ? 1 : err.column);
		fail(r, 400, in ? "not an array" : err.what);
		json_free(in);
		return;
	}
	for (i = 0; i < json_size(in); i++)
		if (json_at(in, i)->type == JSON_INT)
			total += json_at(in, i)->integer;
	out = json_new(JSON_OBJECT);
	json_set(out, "count", json_int((int64_t)json_size(in)));
	json_set(out, "sum", json_int(total));
	json_free(in);
	send_json(r, out);
}

static void greet(const struct http_request *q, const struct http_params *p, struct http_response *r)
{
	char lang[8] = "en", name[64];

	html_escape(p->value[0], p->len[0], name, sizeof(name));
	url_query_get(q->query, "lang", lang, sizeof(lang));
	uk_strbuf_printf(&r->body, "%s, %s!\n", strcmp(lang, "de") ? "Hello" : "Hallo", name);
}

static void when(const struct http_request *q, const struct http_params *p __unused,
		 struct http_response *r)
{
	char value[32], text[40];

	if (url_query_get(q->query, "t", value, sizeof(value)) < 0) {
		fail(r, 400, "t is missing");
		return;
	}
	uk_time_http(strtol(value, NULL, 10), text, sizeof(text));
	uk_strbuf_printf(&r->body, "%s\n", text);
}

static void auth(const struct http_request *q, const struct http_params *p __unused,
		 struct http_response *r)
{
	char plain[64] = "";
	size_t n;
	const char *v = http_header(q, "Authorization", &n);
	long len = -1;

	if (v && n > 6 && !strncasecmp(v, "Basic ", 6))
		len = base64_decode(v + 6, n - 6, (uint8_t *)plain, sizeof(plain) - 1);
	if (len < 0 || strcmp(plain, "user:secret")) {
		http_response_header(r, "WWW-Authenticate", "Basic realm=\"sample\"");
		fail(r, 401, "who are you?");
		return;
	}
	uk_strbuf_puts(&r->body, "welcome\n");
}

const struct http_route routes[] = {
	{ HTTP_GET, "/", get_file },
	{ HTTP_GET, "/api/list", list },
	{ HTTP_POST, "/api/sum", sum },
	{ HTTP_GET, "/api/greet/:name", greet },
	{ HTTP_GET, "/api/time", when },
	{ HTTP_GET, "/api/private", auth },
	{ HTTP_GET, "/files/*path", get_file },
	{ HTTP_PUT, "/files/*path", put_file },
	{ HTTP_DELETE, "/files/*path", del_file },
};
const size_t nroutes = sizeof(routes) / sizeof(routes[0]);
