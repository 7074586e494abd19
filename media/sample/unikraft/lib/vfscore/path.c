/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include "vfs_priv.h"

static char cwd[VFS_PATH_MAX] = "/";

/* Absolute, without ".", ".." and double slashes. */
int path_normalize(const char *base, const char *path, char *out, size_t cap)
{
	const char *parts[2] = { *path == '/' ? "" : base, path };
	size_t len = 0, n;
	int i;

	for (i = 0; i < 2; i++) {
		const char *p = parts[i];

		while (*p) {
			n = strcspn(p, "/");
			if (!n || (n == 1 && p[0] == '.')) {
				p += n + (p[n] == '/');
				continue;
			}
			if (n == 2 && p[0] == '.' && p[1] == '.') {
				while (len && out[--len] != '/')
					;
			} else {
				if (n > VFS_NAME_MAX || len + n + 2 > cap)
					return -ENAMETOOLONG;
				out[len++] = '/';
				memcpy(out + len, p, n);
				len += n;
			}
			p += n + (p[n] == '/');
		}
	}
	if (!len)
		out[len++] = '/';
	out[len] = 0;
	return (int)len;
}

const char *path_base(const char *path)
{
	const char *s = strrchr(path, '/');

	return s ? s + 1 : path;
}

/* Shell patterns: * ? [a-z] [!x] */
int path_match(const char *p, const char *s)
{
	const char *star = NULL, *mark = NULL;

	while (*s) {
		if (*p == '*') {
			star = p++;
			mark = s;
			continue;
		}
		if (*p == '[') {
			const char *q = p + 1;
			int invert = *q == '!', hit = 0;

			q += invert;
			do {
				if (q[1] == '-' && q[2] && q[2] != ']') {
					hit |= *s >= q[0] && *s <= q[2];
					q += 3;
				} else {
					hit |= *s == *q++;
				}
			} while (*q && *q != ']');
			if (*q && hit != invert) {
				p = q + 1;
				s++;
				continue;
			}
		} else if (*p == '?' || *p == *s) {
			p++;
			s++;
			continue;
		}
		if (!star)
			return 0;
		p = star + 1;
		s = ++mark;
	}
	while (*p == '*')
		p++;
	return !*p;
}

int vfs__abspath(const char *path, char *out)
{
	return path_normalize(cwd, path, out, VFS_PATH_MAX);
}

int vfs_chdir(const char *path)
{
	char abs[VFS_PATH_MAX];
	struct stat st;
	int rc = vfs__abspath(path, abs);

	if (rc < 0)
		return rc;
	rc = vfs_stat(abs, &st);
	if (rc < 0)
		return rc;
	if (st.type != VDIR)
		return -ENOTDIR;
	strlcpy(cwd, abs, sizeof(cwd));
	return 0;
}

const char *vfs_getcwd(void)
{
	return cwd;
}
