/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <encode.h>
#include <errno.h>
#include <hash.h>
#include <lz.h>
#include <report.h>
#include <sortx.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tar.h>
#include <text.h>
#include <uk/allocbbuddy.h>
#include <uk/console.h>
#include <uk/sched.h>
#include <vfs.h>

extern const char *const words[];
extern const size_t nwords, gz_len, squares_len;
extern const unsigned char gz[], squares_gz[];

static uint32_t seed = 2463534242U;

static uint32_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed;
}

static int show(const char *path, const struct stat *st, void *arg)
{
	static const char types[] = "-dcp";

	++*(int *)arg;
	printf("  %c %6lu %s\n", types[st->type], st->type == VREG ? st->size : 0, path);
	return 0;
}

static void list(const char *path)
{
	int n = 0;

	vfs_walk(path, show, &n);
	printf("  %d entries, %d open files\n", n, vfs_open_count());
}

static void expect(const char *what, int rc, int want)
{
	printf("%-34s %s%s\n", what, rc == want ? "" : "WRONG: ", strerror(rc < 0 ? -rc : 0));
}

static void tree(void)
{
	char buf[64];
	struct stat st;
	ssize_t n;
	int fd, dup;

	vfs_mkdirs("/home/user/docs");
	vfs_write_file("/home/user/docs/a.txt", "alpha\n", 6);
	vfs_write_file("/home/user/docs/b.txt", "beta\n", 5);
	vfs_copy("/home/user/docs/a.txt", "/home/user/copy.txt");
	expect("rename", vfs_rename("/home/user/copy.txt", "/home/user/docs/c.txt"), 0);
	expect("mkdir again", vfs_mkdir("/home/user"), -EEXIST);
	expect("rmdir of a full directory", vfs_rmdir("/home/user"), -ENOTEMPTY);
	expect("unlink of a directory", vfs_unlink("/home"), -EISDIR);
	expect("file as a directory", vfs_stat("/home/user/docs/a.txt/x", &st), -ENOTDIR);
	expect("into itself", vfs_rename("/home", "/home/user/docs/home"), -EINVAL);
	expect("exclusive", vfs_open("/home/user/docs/b.txt", O_RDWR | O_CREAT | O_EXCL), -EEXIST);
	expect("chdir", vfs_chdir("/home/./user/../user/docs"), 0);
	fd = vfs_open("a.txt", O_RDWR | O_APPEND);
	vfs_write(fd, "more\n", 5);
	dup = vfs_dup(fd);
	vfs_lseek(fd, 2, SEEK_SET);
	buf[vfs_read(dup, buf, 6)] = 0;
	printf("shared position reads '%.4s', then at %ld in %s\n", buf, vfs_lseek(fd, 0, SEEK_CUR),
	       vfs_getcwd());
	vfs_pwrite(fd, "far", 3, 5000);
	vfs_pread(fd, buf, 8, 4996);
	vfs_fstat(fd, &st);
	printf("sparse: size %lu, before the end %d%d%d%d %.3s\n", st.size, buf[0], buf[1], buf[2], buf[3],
	       buf + 4);
	vfs_ftruncate(fd, 3);
	vfs_ftruncate(fd, 9);
	memset(buf, 'x', sizeof(buf));
	n = vfs_pread(fd, buf, 20, 0);
	printf("after truncation %ld bytes, byte 5 is %d\n", n, buf[5]);
	vfs_close(fd);
	vfs_close(dup);
	expect("read of a closed file", (int)vfs_read(fd, buf, 1), -EBADF);
	vfs_chdir("/");
	vfs_mkdir("/mnt");
	expect("mount", vfs_mount("", "/mnt", "ramfs"), 0);
	vfs_write_file("/mnt/inside", "x", 1);
	expect("across mounts", vfs_rename("/mnt/inside", "/outside"), -EINVAL);
	list("/");
	expect("unmount", vfs_unmount("/mnt"), 0);
	expect("gone", vfs_stat("/mnt/inside", &st), -ENOENT);
}

static void packer(const char *name, const char *data, size_t n,
		   long (*pack)(const uint8_t *, size_t, uint8_t *, size_t),
		   long (*unpack)(const uint8_t *, size_t, uint8_t *, size_t))
{
	uint8_t *a = malloc(n * 2 + 1024), *b = malloc(n + 1);
	long m = pack((const uint8_t *)data, n, a, n * 2 + 1024), k = unpack(a, (size_t)m, b, n);

	printf("%-8s %zu -> %ld, back %s, crc %08x\n", name, n, m,
	       k == (long)n && !memcmp(b, data, n) ? "same" : "DIFFERENT", crc32(0, a, (size_t)m));
	free(a);
	free(b);
}

static void archive(void)
{
	struct uk_strbuf tar;
	struct stat st;
	char out[4096], *text;
	long n;

	uk_strbuf_init(&tar);
	tar_create("/home", &tar);
	printf("archive of %zu bytes\n", tar.len);
	packer("lz", tar.s, tar.len, lz_compress, lz_decompress);
	packer("huffman", tar.s, tar.len, huff_encode, huff_decode);
	packer("rle", tar.s, tar.len, rle_encode, rle_decode);
	n = tar_extract(tar.s, tar.len, "/restore");
	printf("extracted %ld, b.txt %s\n", n, vfs_stat("/restore/user/docs/b.txt", &st) ? "lost" : "there");
	tar.s[3] ^= 1;
	printf("a broken archive: %s\n", strerror(-tar_extract(tar.s, tar.len, "/other")));
	uk_strbuf_free(&tar);

	n = gunzip(gz, gz_len, (uint8_t *)out, sizeof(out));
	printf("gunzip: %ld bytes, '%.19s'\n", n, out);
	n = gunzip(squares_gz, squares_len, (uint8_t *)out, sizeof(out));
	printf("gunzip: %ld bytes, ends with '%.5s'\n", n, n > 5 ? out + n - 5 : "");
	if (vfs_read_file("/restore/user/docs/c.txt", &text) > 0)
		printf("restored: %s", text);
	free(text);
}

static int by_length(const void *a, const void *b)
{
	size_t x = strlen(*(char *const *)a), y = strlen(*(char *const *)b);

	return x < y ? -1 : x > y;
}

static void sorting(void)
{
	const char *copy[20];
	uint32_t nums[1000], crc;
	int ints[500], best[5];
	struct uk_strbuf b;
	unsigned int i;
	char *text, *p;
	long n;

	memcpy(copy, words, sizeof(copy));
	merge_sort(copy, 20, sizeof(copy[0]), by_length);
	printf("stable by length: %s %s %s .. %s\n", copy[0], copy[1], copy[2], copy[19]);
	for (i = 0; i < 1000; i++)
		nums[i] = next();
	radix_sort_u32(nums, 1000);
	for (i = 1; i < 1000 && nums[i - 1] <= nums[i]; i++)
		;
	crc = crc32(0, nums, sizeof(nums));
	printf("radix: %u in order, crc %08x\n", i, crc);
	for (i = 0; i < 500; i++)
		ints[i] = (int)(next() % 300);
	top_k(ints, 500, best, 5);
	printf("top five: %d %d %d %d %d, median %d", best[0], best[1], best[2], best[3], best[4],
	       quick_select(ints, 500, 250));
	shell_sort(ints, 500);
	printf(" %d", ints[250]);
	printf(", different %zu\n", unique(ints, 500));

	uk_strbuf_init(&b);
	for (i = 0; i < 300; i++)
		uk_strbuf_printf(&b, "%s-%03u\n", words[next() % 20], next() % 1000);
	vfs_write_file("/lines", b.s, b.len);
	n = external_sort("/lines", "/sorted", 700);
	vfs_read_file("/sorted", &text);
	p = strchr(text, '\n');
	printf("external: %ld lines, first %.*s, crc %08x\n", n, (int)(p - text), text,
	       crc32(0, text, strlen(text)));
	free(text);
	uk_strbuf_free(&b);
}

static void writer(void *arg)
{
	int fd = *(int *)arg, i;
	char line[24];

	for (i = 0; i < 200; i++)
		vfs_write(fd, line, (size_t)snprintf(line, sizeof(line), "message %d\n", i));
	vfs_close(fd);
}

static void pipes(void)
{
	struct uk_thread *t;
	int fds[2];
	uint32_t crc = 0;
	char buf[100];
	long total = 0;
	ssize_t n;

	vfs_pipe(fds);
	t = uk_sched_thread_create(uk_sched_current(), "writer", writer, &fds[1], 0);
	while ((n = vfs_read(fds[0], buf, sizeof(buf))) > 0) {
		crc = crc32(crc, buf, (size_t)n);
		total += n;
	}
	vfs_close(fds[0]);
	uk_sched_join(t);
	printf("pipe: %ld bytes, crc %08x\n", total, crc);
}

static void devices(void)
{
	static const char keys[] = "mkdor\033[D\033[D\033[Di\001sudo \005\033[Cx\b /tmp\r\033[A\r";
	struct uk_lineedit e;
	unsigned char buf[16];
	char hex[40];
	unsigned int i;
	int fd = vfs_open("/dev/pattern", O_RDONLY), con = vfs_open("/dev/console", O_WRONLY);

	vfs_lseek(fd, 1000, SEEK_SET);
	vfs_read(fd, buf, sizeof(buf));
	vfs_close(fd);
	hex_encode(buf, sizeof(buf), hex, sizeof(hex));
	printf("pattern at 1000: %s\n", hex);
	vfs_write(con, "written to /dev/console\n", 24);
	vfs_close(con);
	expect("a name that is no device", vfs_open("/dev/tape", O_RDONLY), -ENOENT);
	expect("a new device by name", vfs_open("/dev/x", O_RDWR | O_CREAT), -EROFS);
	memset(&e, 0, sizeof(e));
	for (i = 0; i < sizeof(keys) - 1; i++) {
		const char *line = uk_lineedit_feed(&e, keys[i]);

		if (line)
			printf("line: '%s'\n", line);
	}
	printf("patterns: %d%d%d%d\n", path_match("*.t?t", "a.txt"), path_match("[a-c]*", "dx"),
	       path_match("[!a-c]*", "dx"), path_match("*a*b*c", "xxaxxbxxc"));
}

static void allocations(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	size_t before = uk_alloc_availmem(a);
	unsigned long orders[4];
	void *p[64];
	int i, sound;

	for (i = 0; i < 64; i++)
		p[i] = uk_palloc(a, (unsigned long)(i % 7) + 1);
	for (i = 0; i < 64; i += 2)
		uk_pfree(a, p[i], (unsigned long)(i % 7) + 1);
	sound = uk_allocbbuddy_check(a, orders, 4);
	for (i = 1; i < 64; i += 2)
		uk_pfree(a, p[i], (unsigned long)(i % 7) + 1);
	printf("buddy: sound %d and %d, all back %s\n", sound, uk_allocbbuddy_check(a, orders, 4),
	       uk_alloc_availmem(a) == before ? "yes" : "no");
}

static int found(const char *path, const struct stat *st, void *arg)
{
	if (st->type == VREG)
		report_text(arg, "files", path);
	return 0;
}

static int summary(void)
{
	struct report *r = report_new("files");

	report_text(r, "owner", "write to root@example.com; password=hunter2");
	vfs_walk("/restore", found, r);
	return report_send(r);
}

int main(void)
{
	tree();
	archive();
	sorting();
	pipes();
	devices();
	allocations();
	list("/restore");
	return summary();
}
