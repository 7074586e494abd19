/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <http.h>
#include <stdlib.h>
#include <string.h>

/* Sorted by extension. */
static const struct {
	char ext[8];
	const char *type;
} types[] = {
	{ "css", "text/css; charset=utf-8" }, { "csv", "text/csv; charset=utf-8" },
	{ "gif", "image/gif" }, { "html", "text/html; charset=utf-8" }, { "ico", "image/x-icon" },
	{ "jpg", "image/jpeg" }, { "js", "text/javascript; charset=utf-8" },
	{ "json", "application/json" }, { "md", "text/markdown; charset=utf-8" },
	{ "pdf", "application/pdf" }, { "png", "image/png" }, { "svg", "image/svg+xml" },
	{ "txt", "text/plain; charset=utf-8" }, { "wasm", "application/wasm" }, { "xml", "text/xml" },
	{ "zip", "application/zip" },
};

static int compare(const void *key, const void *elem)
{
	return strcasecmp(key, elem);
}

const char *http_mime(const char *path)
{
	const char *dot = strrchr(path, '.'), *slash = strrchr(path, '/');
	const void *hit;

	if (!dot || (slash && slash > dot))
		return "application/octet-stream";
	hit = bsearch(dot + 1, types, sizeof(types) / sizeof(types[0]), sizeof(types[0]), compare);
	return hit ? types[((const char *)hit - (const char *)types) / sizeof(types[0])].type :
		     "application/octet-stream";
}
