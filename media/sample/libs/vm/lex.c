/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "lex.h"

static const struct {
	const char *word;
	enum vm__token tok;
} words[] = {
	{ "let", T_LET }, { "while", T_WHILE }, { "if", T_IF }, { "else", T_ELSE },
	{ "def", T_DEF }, { "return", T_RETURN }, { "print", T_PRINT },
};

static enum vm__token two(struct vm__lexer *l, char second, enum vm__token yes, enum vm__token no)
{
	if (*l->p != second)
		return no;
	l->p++;
	return yes;
}

void vm__next(struct vm__lexer *l)
{
	unsigned int i, n;
	char c;

	for (;; l->p++) {
		if (*l->p == '#')
			while (*l->p && *l->p != '\n')
				l->p++;
		if (*l->p == '\n')
			l->line++;
		if (!*l->p || !isspace((unsigned char)*l->p))
			break;
	}
	c = *l->p;
	if (!c) {
		l->tok = T_END;
		return;
	}
	if (isdigit((unsigned char)c)) {
		l->num = strtol(l->p, (char **)&l->p, 0);
		l->tok = T_NUM;
		return;
	}
	if (isalpha((unsigned char)c) || c == '_') {
		for (n = 0; isalnum((unsigned char)l->p[n]) || l->p[n] == '_'; n++)
			if (n < sizeof(l->name) - 1)
				l->name[n] = l->p[n];
		l->name[n < sizeof(l->name) ? n : sizeof(l->name) - 1] = 0;
		l->p += n;
		l->tok = T_NAME;
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (!strcmp(words[i].word, l->name))
				l->tok = words[i].tok;
		return;
	}
	l->p++;
	switch (c) {
	case '(': l->tok = T_LP; break;
	case ')': l->tok = T_RP; break;
	case '{': l->tok = T_LB; break;
	case '}': l->tok = T_RB; break;
	case ',': l->tok = T_COMMA; break;
	case ';': l->tok = T_SEMI; break;
	case '+': l->tok = T_PLUS; break;
	case '-': l->tok = T_MINUS; break;
	case '*': l->tok = T_STAR; break;
	case '/': l->tok = T_SLASH; break;
	case '%': l->tok = T_PERCENT; break;
	case '&': l->tok = T_AND; break;
	case '|': l->tok = T_OR; break;
	case '^': l->tok = T_XOR; break;
	case '=': l->tok = two(l, '=', T_EQ, T_ASSIGN); break;
	case '!': l->tok = two(l, '=', T_NE, T_NOT); break;
	case '<': l->tok = *l->p == '<' ? two(l, '<', T_SHL, T_LT) : two(l, '=', T_LE, T_LT); break;
	case '>': l->tok = *l->p == '>' ? two(l, '>', T_SHR, T_GT) : two(l, '=', T_GE, T_GT); break;
	default: l->tok = T_BAD;
	}
}
