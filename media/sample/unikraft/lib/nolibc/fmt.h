/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct fmt__spec {
	char conv;
	int width, prec;
	unsigned int left : 1, plus : 1, space : 1, alt : 1, zero : 1, upper : 1;
	int size; /* -2 hh, -1 h, 0, 1 l, 2 ll, 3 z */
};
struct fmt__out {
	char *buf;
	size_t cap, len;
};
void fmt__pad(struct fmt__out *o, const char *prefix, const char *s, size_t n, int zeros,
	      const struct fmt__spec *sp);
void fmt__float(struct fmt__out *o, double v, const struct fmt__spec *sp);
