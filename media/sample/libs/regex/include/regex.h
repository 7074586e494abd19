/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <uk/coll.h>

/* Compiled to a program and run over all threads at once: no pattern takes
 * exponential time. . [] [^] \d \w \s * + ? *? {m,n} | () ^ $ \b */
#define REGEX_MAX_CODE 512
#define REGEX_MAX_SAVE 20

enum regex_op { RX_CHAR, RX_ANY, RX_SET, RX_SPLIT, RX_JMP, RX_SAVE, RX_BOL, RX_EOL, RX_WORDB, RX_MATCH };
struct regex_insn {
	uint8_t op;
	int16_t x, y;
};
struct regex {
	struct regex_insn code[REGEX_MAX_CODE];
	uint64_t sets[24][4];
	int n, nsets, ngroups, icase;
	const char *error;
};
struct regex_match {
	const char *start[REGEX_MAX_SAVE / 2], *end[REGEX_MAX_SAVE / 2];
	int groups;
};
#define REGEX_ICASE 1
int regex_compile(struct regex *r, const char *pattern, int flags);
int regex_search(const struct regex *r, const char *s, size_t n, struct regex_match *m);
int regex_full(const struct regex *r, const char *s, size_t n);
/* $0 to $9 in the replacement are groups */
int regex_replace(const struct regex *r, const char *s, const char *with, struct uk_strbuf *out);
int regex_split(const struct regex *r, const char *s, void (*fn)(const char *s, size_t n, void *arg),
		void *arg);
