/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <sortx.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/coll.h>
#include <vfs.h>

#define MAX_PARTS 16
#define MAX_LINE 256

struct source {
	int fd;
	char line[MAX_LINE];
	int live;
};

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One line without its end; 0 at the end of the file. */
static int read_line(int fd, char *out)
{
	int n = 0;
	char c;

	while (vfs_read(fd, &c, 1) == 1) {
		if (c == '\n') {
			out[n] = 0;
			return 1;
		}
		if (n < MAX_LINE - 1)
			out[n++] = c;
	}
	out[n] = 0;
	return n > 0;
}

static int write_part(char **lines, size_t n, int part)
{
	struct uk_strbuf b;
	char name[32];
	size_t i;
	int rc;

	uk_strbuf_init(&b);
	merge_sort(lines, n, sizeof(*lines), compare);
	for (i = 0; i < n; i++) {
		uk_strbuf_puts(&b, lines[i]);
		uk_strbuf_putc(&b, '\n');
		free(lines[i]);
	}
	snprintf(name, sizeof(name), "/sort.%d", part);
	rc = vfs_write_file(name, b.s ? b.s : "", b.len);
	uk_strbuf_free(&b);
	return rc;
}

static long merge_parts(int parts, const char *to)
{
	struct source src[MAX_PARTS];
	int out = vfs_open(to, O_WRONLY | O_CREAT | O_TRUNC), i, best;
	char name[32];
	long n = 0;

	if (out < 0)
		return out;
	for (i = 0; i < parts; i++) {
		snprintf(name, sizeof(name), "/sort.%d", i);
		src[i].fd = vfs_open(name, O_RDONLY);
		src[i].live = read_line(src[i].fd, src[i].line);
		vfs_unlink(name);
	}
	for (;; n++) {
		for (best = -1, i = 0; i < parts; i++)
			if (src[i].live && (best < 0 || strcmp(src[i].line, src[best].line) < 0))
				best = i;
		if (best < 0)
			break;
		vfs_write(out, src[best].line, strlen(src[best].line));
		vfs_write(out, "\n", 1);
		src[best].live = read_line(src[best].fd, src[best].line);
	}
	for (i = 0; i < parts; i++)
		vfs_close(src[i].fd);
	vfs_close(out);
	return n;
}

long external_sort(const char *from, const char *to, size_t memory)
{
	int fd = vfs_open(from, O_RDONLY), parts = 0;
	char *lines[512], line[MAX_LINE];
	size_t n = 0, used = 0;

	if (fd < 0)
		return fd;
	while (read_line(fd, line) && parts < MAX_PARTS) {
		lines[n++] = strdup(line);
		used += strlen(line) + 1;
		if (used > memory || n == 512) {
			write_part(lines, n, parts++);
			n = used = 0;
		}
	}
	if (n)
		write_part(lines, n, parts++);
	vfs_close(fd);
	return merge_parts(parts, to);
}
