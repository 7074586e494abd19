/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <http.h>
#include <string.h>

int http_route_match(const char *pattern, const char *path, struct http_params *p)
{
	p->n = 0;
	while (*pattern == '/' && *path == '/') {
		size_t np = strcspn(++pattern, "/"), n = strcspn(++path, "/");

		if (*pattern == '*') {
			p->name[p->n] = pattern + 1;
			p->value[p->n] = path;
			p->len[p->n++] = strlen(path);
			return 1;
		}
		if (*pattern == ':' && n) {
			if (p->n == 8)
				return 0;
			p->name[p->n] = pattern + 1;
			p->value[p->n] = path;
			p->len[p->n++] = n;
		} else if (np != n || memcmp(pattern, path, n)) {
			return 0;
		}
		pattern += np;
		path += n;
	}
	return !*pattern && !*path;
}

static void error(struct http_response *r, int status)
{
	r->status = status;
	http_response_header(r, "Content-Type", "text/plain");
	uk_strbuf_printf(&r->body, "%d %s\n", status, http_status_text(status));
}

void http_dispatch(const struct http_route *routes, size_t n, const struct http_request *q,
		   struct http_response *r)
{
	struct http_params p;
	struct uk_strbuf allow;
	size_t i;

	uk_strbuf_init(&allow);
	for (i = 0; i < n; i++) {
		if (!http_route_match(routes[i].pattern, q->path, &p))
			continue;
		if (routes[i].method == q->method ||
		    (q->method == HTTP_HEAD && routes[i].method == HTTP_GET)) {
			routes[i].fn(q, &p, r);
			uk_strbuf_free(&allow);
			return;
		}
		uk_strbuf_printf(&allow, "%s%s", allow.len ? ", " : "",
				 http_method_name(routes[i].method));
	}
	if (allow.len) {
		http_response_header(r, "Allow", allow.s);
		error(r, q->method == HTTP_OPTIONS ? 204 : 405);
	} else {
		error(r, 404);
	}
	uk_strbuf_free(&allow);
}
