/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <lisp.h>
#include <report.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/boot.h>
#include <uk/console.h>
#include <vfs.h>
#include <vm.h>
#include "programs.h"

static int lines;

/* Stronger than the library's own: output is indented and counted. */
void lisp_output(const char *s, size_t n)
{
	uk_console_out("    | ", 6);
	uk_console_out(s, n);
	lines++;
}

const char *uk_boot_greeting(void)
{
	return "a function for every list";
}

size_t uk_thread_stack_size(const char *name)
{
	return !strcmp(name, "main") ? 64 * PAGE_SIZE : 4 * PAGE_SIZE;
}

static int run_file(const char *path, const struct stat *st, void *arg)
{
	struct uk_strbuf out;
	char *text;

	if (st->type != VREG || vfs_read_file(path, &text) < 0)
		return 0;
	uk_strbuf_init(&out);
	lisp_run(arg, text, &out);
	printf("%s> %s\n", path_base(path), out.s);
	uk_strbuf_free(&out);
	free(text);
	return 0;
}

static void run_vm(const char *src)
{
	struct uk_strbuf out;
	struct vm_prog p;
	struct vm_result r;
	int before;

	uk_strbuf_init(&out);
	if (vm_compile(src, &p)) {
		printf("vm> %s\n", p.error);
	} else {
		before = p.n;
		vm_optimize(&p);
		r = vm_run(&p, 200000, &out);
		if (r.error)
			printf("vm> %s\n", r.error);
		else
			printf("vm> %s= %ld (%lu steps, %d of %d instructions)\n", out.len ? out.s : "", r.value,
			       r.steps, p.n, before);
	}
	vm_prog_free(&p);
	uk_strbuf_free(&out);
}

static int summary(const char *code)
{
	struct report *r = report_new("lispfn");
	int i;

	report_int(r, "lines", lines);
	for (i = 0; vm_programs[i]; i++)
		report_text(r, "programs", vm_programs[i]);
	report_text(r, "code", code);
	return report_send(r);
}

int main(int argc __unused, char *argv[] __unused)
{
	struct lisp *l = lisp_new(6000);
	struct uk_strbuf out;
	struct vm_prog p;
	char path[40];
	int i;

	/* programs are deployed as files, and found by their names */
	vfs_mkdirs("/srv/functions");
	for (i = 0; lisp_programs[i]; i++) {
		snprintf(path, sizeof(path), "/srv/functions/%02d.lisp", i);
		vfs_write_file(path, lisp_programs[i], strlen(lisp_programs[i]));
	}
	vfs_walk("/srv/functions", run_file, l);
	printf("%lu collections, %d lines of output, %zu objects alive\n", lisp_collections(l), lines,
	       lisp_live(l));
	lisp_free(l);

	for (i = 0; vm_programs[i]; i++)
		run_vm(vm_programs[i]);
	uk_strbuf_init(&out);
	vm_compile(vm_programs[4], &p);
	vm_optimize(&p);
	vm_disassemble(&p, &out);
	printf("%s", out.s);
	return summary(out.s);
}
