/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <encode.h>
#include <http.h>
#include <stdlib.h>
#include <string.h>

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS" };

enum http_method http_method_of(const char *s, size_t n)
{
	unsigned int i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strlen(methods[i]) == n && !memcmp(methods[i], s, n))
			return (enum http_method)i;
	return HTTP_UNKNOWN;
}

const char *http_method_name(enum http_method m)
{
	return m < HTTP_UNKNOWN ? methods[m] : "?";
}

static int is_token(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* A machine over the characters of the head: one state for each place where a
 * character means something else. */
enum state {
	S_METHOD, S_TARGET, S_VERSION, S_REQUEST_LF, S_NAME, S_COLON_SPACE, S_VALUE, S_VALUE_LF, S_END_LF,
};

static void finish_value(struct http_header *h, const char *end)
{
	while (end > h->value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	h->value_len = (size_t)(end - h->value);
}

static int scan(const char *s, size_t n, struct http_request *r)
{
	enum state st = S_METHOD;
	const char *mark = s, *p = s, *end = s + n;
	struct http_header *h = NULL;

	for (; p < end; p++) {
		char c = *p;

		switch (st) {
		case S_METHOD:
			if (c == ' ') {
				r->method = http_method_of(s, (size_t)(p - s));
				if (p == s)
					return -400;
				mark = p + 1;
				st = S_TARGET;
			} else if (!is_token(c) || p - s > 16) {
				return -400;
			}
			break;
		case S_TARGET:
			if (c == ' ') {
				r->target = mark;
				r->target_len = (size_t)(p - mark);
				if (!r->target_len || *mark != '/')
					return -400;
				mark = p + 1;
				st = S_VERSION;
			} else if ((unsigned char)c <= ' ') {
				return -400;
			} else if (p - mark > 2000) {
				return -414;
			}
			break;
		case S_VERSION:
			if (c == '\r') {
				if (p - mark != 8 || memcmp(mark, "HTTP/1.", 7) || !isdigit((unsigned char)mark[7]))
					return -505;
				r->minor = mark[7] - '0';
				st = S_REQUEST_LF;
			} else if (p - mark > 8) {
				return -505;
			}
			break;
		case S_REQUEST_LF:
		case S_VALUE_LF:
			if (c != '\n')
				return -400;
			mark = p + 1;
			st = S_NAME;
			break;
		case S_NAME:
			if (c == '\r' && p == mark) {
				st = S_END_LF;
			} else if (c == ':' && p > mark) {
				if (r->nheaders == HTTP_MAX_HEADERS)
					return -431;
				h = &r->headers[r->nheaders++];
				h->name = mark;
				h->name_len = (size_t)(p - mark);
				st = S_COLON_SPACE;
			} else if (!is_token(c)) {
				return -400;
			}
			break;
		case S_COLON_SPACE:
			if (c == ' ' || c == '\t')
				break;
			h->value = p;
			st = S_VALUE;
			/* fallthrough */
		case S_VALUE:
			if (c == '\r') {
				finish_value(h, p);
				st = S_VALUE_LF;
			} else if ((unsigned char)c < ' ' && c != '\t') {
				return -400;
			}
			break;
		case S_END_LF:
			return c == '\n' ? (int)(p - s) + 1 : -400;
		}
	}
	return n > 8192 ? -431 : 0;
}

const char *http_header(const struct http_request *r, const char *name, size_t *len)
{
	size_t n = strlen(name);
	int i;

	for (i = 0; i < r->nheaders; i++) {
		if (r->headers[i].name_len != n || strncasecmp(r->headers[i].name, name, n))
			continue;
		if (len)
			*len = r->headers[i].value_len;
		return r->headers[i].value;
	}
	return NULL;
}

int http_header_is(const struct http_request *r, const char *name, const char *value)
{
	size_t n;
	const char *v = http_header(r, name, &n);

	return v && n == strlen(value) && !strncasecmp(v, value, n);
}

int http_parse_head(const char *s, size_t n, struct http_request *r)
{
	const char *q, *v;
	size_t len;
	int rc;

	memset(r, 0, sizeof(*r));
	r->content_length = -1;
	rc = scan(s, n, r);
	if (rc <= 0)
		return rc;
	q = memchr(r->target, '?', r->target_len);
	len = q ? (size_t)(q - r->target) : r->target_len;
	if (len >= sizeof(r->path) || url_decode(r->target, len, r->path, sizeof(r->path)) < 0)
		return -400;
	if (q)
		strlcpy(r->query, q + 1,
			r->target_len - len < sizeof(r->query) ? r->target_len - len : sizeof(r->query));
	r->keep_alive = r->minor ? !http_header_is(r, "Connection", "close") :
				   http_header_is(r, "Connection", "keep-alive");
	r->chunked = http_header_is(r, "Transfer-Encoding", "chunked");
	v = http_header(r, "Content-Length", &len);
	if (v) {
		char *end;

		r->content_length = strtol(v, &end, 10);
		if (end != v + len || r->content_length < 0)
			return -400;
	}
	return rc;
}

int http_parse_response(const char *s, size_t n, int *status, long *length)
{
	const char *end = memmem(s, n, "\r\n\r\n", 4), *p;

	if (!end)
		return 0;
	if (strncmp(s, "HTTP/1.", 7) || n < 12)
		return -1;
	*status = (int)strtol(s + 9, NULL, 10);
	*length = -1;
	for (p = s; p && p < end; p = memmem(p, (size_t)(end - p), "\r\n", 2)) {
		p += p == s ? 0 : 2;
		if (!strncasecmp(p, "content-length:", 15))
			*length = strtol(p + 15, NULL, 10);
		if (p == s)
			p++;
	}
	return (int)(end - s) + 4;
}
