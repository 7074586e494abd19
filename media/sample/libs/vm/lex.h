/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stdint.h>

enum vm__token {
	T_END, T_NUM, T_NAME, T_LET, T_WHILE, T_IF, T_ELSE, T_DEF, T_RETURN, T_PRINT, T_LP, T_RP, T_LB,
	T_RB, T_COMMA, T_SEMI, T_ASSIGN, T_PLUS, T_MINUS, T_STAR, T_SLASH, T_PERCENT, T_LT, T_LE, T_GT,
	T_GE, T_EQ, T_NE, T_AND, T_OR, T_XOR, T_SHL, T_SHR, T_NOT, T_BAD,
};
struct vm__lexer {
	const char *p;
	enum vm__token tok;
	int64_t num;
	char name[24];
	int line;
};
void vm__next(struct vm__lexer *l);
