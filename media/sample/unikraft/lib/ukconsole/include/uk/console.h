/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/config.h>
#include <uk/list.h>

#define UK_CONSOLE_STDOUT 1
#define UK_CONSOLE_STDIN 2

struct uk_console {
	const char *name;
	int flags, id;
	ssize_t (*out)(struct uk_console *c, const char *buf, size_t len);
	ssize_t (*in)(struct uk_console *c, char *buf, size_t len);
	unsigned long bytes;
	struct uk_list_head link;
};
void uk_console_register(struct uk_console *c);
struct uk_console *uk_console_get(int id);
int uk_console_count(void);
ssize_t uk_console_out(const char *buf, size_t len);
ssize_t uk_console_in(char *buf, size_t len);
unsigned long uk_console_bytes(void);

/* Line editing without a terminal: feeds keys, gives finished lines. */
struct uk_lineedit {
	char buf[80];
	int len, cur;
	char history[4][80];
	int hcount, hpos;
	int esc;
};
const char *uk_lineedit_feed(struct uk_lineedit *e, char key);
