/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <uk/coll.h>

#define HTTP_MAX_HEADERS 32
enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OPTIONS, HTTP_UNKNOWN };

struct http_header {
	const char *name, *value;
	size_t name_len, value_len;
};
struct http_request {
	enum http_method method;
	const char *target, *body;
	size_t target_len, body_len;
	int minor, keep_alive, chunked;
	long content_length;
	struct http_header headers[HTTP_MAX_HEADERS];
	int nheaders;
	char path[256], query[256];
};
struct http_response {
	int status, keep_alive;
	struct uk_strbuf headers, body;
};

/* Length of the head, 0 when there is more to come, or a negative status. */
int http_parse_head(const char *s, size_t n, struct http_request *r);
const char *http_header(const struct http_request *r, const char *name, size_t *len);
int http_header_is(const struct http_request *r, const char *name, const char *value);
int http_parse_response(const char *s, size_t n, int *status, long *length);
enum http_method http_method_of(const char *s, size_t n);
const char *http_method_name(enum http_method m);

void http_response_init(struct http_response *r, int status);
void http_response_header(struct http_response *r, const char *name, const char *value);
void http_response_finish(struct http_response *r, struct uk_strbuf *out, int head_only);
const char *http_status_text(int status);
const char *http_mime(const char *path);

/* A route is a pattern: /users/:id/files/ *rest */
struct http_params {
	const char *name[8], *value[8];
	size_t len[8];
	int n;
};
typedef void (*http_handler)(const struct http_request *q, const struct http_params *p,
			     struct http_response *r);
struct http_route {
	enum http_method method;
	const char *pattern;
	http_handler fn;
};
int http_route_match(const char *pattern, const char *path, struct http_params *p);
void http_dispatch(const struct http_route *routes, size_t n, const struct http_request *q,
		   struct http_response *r);
long http_chunked_decode(const char *s, size_t n, char *out, size_t cap, size_t *used);
void http_chunked_encode(const char *s, size_t n, size_t chunk, struct uk_strbuf *out);
