/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <http.h>
#include <string.h>

const char *http_status_text(int status)
{
	switch (status) {
	case 200: return "OK";
	case 201: return "Created";
	case 204: return "No Content";
	case 206: return "Partial Content";
	case 301: return "Moved Permanently";
	case 302: return "Found";
	case 304: return "Not Modified";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 403: return "Forbidden";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 409: return "Conflict";
	case 411: return "Length Required";
	case 413: return "Content Too Large";
	case 414: return "URI Too Long";
	case 415: return "Unsupported Media Type";
	case 418: return "I'm a teapot";
	case 429: return "Too Many Requests";
	case 431: return "Request Header Fields Too Large";
	case 500: return "Internal Server Error";
	case 501: return "Not Implemented";
	case 503: return "Service Unavailable";
	case 505: return "HTTP Version Not Supported";
	default: return "Unknown";
	}
}

void http_response_init(struct http_response *r, int status)
{
	memset(r, 0, sizeof(*r));
	r->status = status;
}

/* A line break in a value would let its author write headers. */
void http_response_header(struct http_response *r, const char *name, const char *value)
{
	if (strpbrk(name, "\r\n:") || strpbrk(value, "\r\n"))
		return;
	uk_strbuf_printf(&r->headers, "%s: %s\r\n", name, value);
}

void http_response_finish(struct http_response *r, struct uk_strbuf *out, int head_only)
{
	uk_strbuf_printf(out, "HTTP/1.1 %d %s\r\n", r->status, http_status_text(r->status));
	uk_strbuf_put(out, r->headers.s, r->headers.len);
	if (r->status != 204 && r->status != 304)
		uk_strbuf_printf(out, "Content-Length: %zu\r\n", r->body.len);
	uk_strbuf_printf(out, "Connection: %s\r\n\r\n", r->keep_alive ? "keep-alive" : "close");
	if (!head_only)
		uk_strbuf_put(out, r->body.s, r->body.len);
	uk_strbuf_free(&r->headers);
	uk_strbuf_free(&r->body);
}
