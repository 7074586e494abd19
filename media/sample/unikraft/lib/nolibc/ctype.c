/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>

/* One byte of properties per ASCII character. */
enum { U = 1, L = 2, D = 4, S = 8, P = 16, C = 32, X = 64, B = 128 };
static const unsigned char table[128] = {
	['\0' ... 8] = C, ['\t' ... '\r'] = C | S, [14 ... 31] = C, [' '] = S | B,
	['!' ... '/'] = P, ['0' ... '9'] = D, [':' ... '@'] = P,
	['A' ... 'F'] = U | X, ['G' ... 'Z'] = U, ['[' ... '`'] = P,
	['a' ... 'f'] = L | X, ['g' ... 'z'] = L, ['{' ... '~'] = P, [127] = C,
};

static int has(int c, int mask)
{
	return c >= 0 && c < 128 && (table[c] & mask);
}

int isalpha(int c) { return has(c, U | L); }
int isdigit(int c) { return has(c, D); }
int isalnum(int c) { return has(c, U | L | D); }
int isspace(int c) { return has(c, S); }
int isupper(int c) { return has(c, U); }
int islower(int c) { return has(c, L); }
int isxdigit(int c) { return has(c, D | X); }
int ispunct(int c) { return has(c, P); }
int isprint(int c) { return has(c, U | L | D | P | B); }
int isgraph(int c) { return has(c, U | L | D | P); }
int iscntrl(int c) { return has(c, C); }
int toupper(int c) { return has(c, L) ? c - 32 : c; }
int tolower(int c) { return has(c, U) ? c + 32 : c; }
