/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <regex.h>
#include <string.h>

struct parser {
	struct regex *r;
	const char *p;
};

static void alternation(struct parser *c);

static void fail(struct parser *c, const char *what)
{
	if (!c->r->error)
		c->r->error = what;
	c->p = "";
}

static int emit(struct parser *c, enum regex_op op, int x, int y)
{
	struct regex_insn *i;

	if (c->r->n == REGEX_MAX_CODE) {
		fail(c, "pattern too long");
		return 0;
	}
	i = &c->r->code[c->r->n];
	i->op = (uint8_t)op;
	i->x = (int16_t)x;
	i->y = (int16_t)y;
	return c->r->n++;
}

/* Room for n instructions at a place; targets behind it move along. */
static void insert(struct parser *c, int at, int n)
{
	struct regex *r = c->r;
	int i;

	if (r->n + n > REGEX_MAX_CODE) {
		fail(c, "pattern too long");
		return;
	}
	memmove(&r->code[at + n], &r->code[at], (size_t)(r->n - at) * sizeof(r->code[0]));
	r->n += n;
	for (i = at + n; i < r->n; i++) {
		if (r->code[i].op != RX_JMP && r->code[i].op != RX_SPLIT)
			continue;
		if (r->code[i].x >= at)
			r->code[i].x = (int16_t)(r->code[i].x + n);
		if (r->code[i].op == RX_SPLIT && r->code[i].y >= at)
			r->code[i].y = (int16_t)(r->code[i].y + n);
	}
}

static void copy(struct parser *c, int from, int len)
{
	struct regex *r = c->r;
	int i, shift = r->n - from;

	for (i = 0; i < len; i++) {
		struct regex_insn in = r->code[from + i];

		if (in.op == RX_JMP || in.op == RX_SPLIT)
			in.x = (int16_t)(in.x + shift);
		if (in.op == RX_SPLIT)
			in.y = (int16_t)(in.y + shift);
		emit(c, (enum regex_op)in.op, in.x, in.y);
	}
}

static void add(uint64_t set[4], int ch)
{
	set[(ch & 255) >> 6] |= 1UL << (ch & 63);
}

/* Members of \d \w \s and their opposites; 0 if it is none of these. */
static int class_of(char k, uint64_t set[4])
{
	int i, in;

	if (!k || !strchr("dwsDWS", k))
		return 0;
	for (i = 0; i < 256; i++) {
		switch (tolower((unsigned char)k)) {
		case 'd':
			in = isdigit(i);
			break;
		case 'w':
			in = isalnum(i) || i == '_';
			break;
		default:
			in = isspace(i);
		}
		if (!!in != !!isupper((unsigned char)k))
			add(set, i);
	}
	return 1;
}

static int escape(char k)
{
	switch (k) {
	case 'n': return '\n';
	case 't': return '\t';
	case 'r': return '\r';
	case 'f': return '\f';
	case '0': return 0;
	default: return (unsigned char)k;
	}
}

static uint64_t *new_set(struct parser *c)
{
	if (c->r->nsets == 24) {
		fail(c, "too many sets");
		return c->r->sets[0];
	}
	emit(c, RX_SET, c->r->nsets, 0);
	memset(c->r->sets[c->r->nsets], 0, 32);
	return c->r->sets[c->r->nsets++];
}

static void bracket(struct parser *c)
{
	uint64_t *set = new_set(c);
	int invert = 0, lo, hi, i, first = 1;

	if (*c->p == '^') {
		invert = 1;
		c->p++;
	}
	for (; *c->p && (*c->p != ']' || first); first = 0) {
		lo = (unsigned char)*c->p++;
		if (lo == '\\') {
			if (class_of(*c->p, set)) {
				c->p++;
				continue;
			}
			lo = escape(*c->p++);
		}
		hi = lo;
		if (c->p[0] == '-' && c->p[1] && c->p[1] != ']') {
			hi = (unsigned char)c->p[1];
			c->p += 2;
			if (hi == '\\')
				hi = escape(*c->p++);
		}
		if (hi < lo)
			fail(c, "range out of order");
		for (i = lo; i <= hi; i++) {
			add(set, i);
			if (c->r->icase) {
				add(set, tolower(i));
				add(set, toupper(i));
			}
		}
	}
	if (*c->p != ']')
		fail(c, "missing ]");
	else
		c->p++;
	for (i = 0; invert && i < 4; i++)
		set[i] = ~set[i];
}

static void atom(struct parser *c)
{
	char k = *c->p++;
	int group;

	switch (k) {
	case '.':
		emit(c, RX_ANY, 0, 0);
		break;
	case '^':
		emit(c, RX_BOL, 0, 0);
		break;
	case '$':
		emit(c, RX_EOL, 0, 0);
		break;
	case '[':
		bracket(c);
		break;
	case '(':
		group = -1;
		if (c->p[0] == '?' && c->p[1] == ':')
			c->p += 2;
		else if (c->r->ngroups < REGEX_MAX_SAVE / 2)
			group = c->r->ngroups++;
		else
			fail(c, "too many groups");
		if (group >= 0)
			emit(c, RX_SAVE, 2 * group, 0);
		alternation(c);
		if (group >= 0)
			emit(c, RX_SAVE, 2 * group + 1, 0);
		if (*c->p != ')')
			fail(c, "missing )");
		else
			c->p++;
		break;
	case '\\':
		if (*c->p == 'b') {
			emit(c, RX_WORDB, 0, 0);
		} else if (*c->p && strchr("dwsDWS", *c->p)) {
			class_of(*c->p, new_set(c));
		} else if (*c->p) {
			emit(c, RX_CHAR, escape(*c->p), 0);
		} else {
			fail(c, "backslash at the end");
			break;
		}
		c->p++;
		break;
	case '*':
	case '+':
	case '?':
		fail(c, "nothing to repeat");
		break;
	default:
		emit(c, RX_CHAR, c->r->icase ? tolower((unsigned char)k) : (unsigned char)k, 0);
	}
}

/* Greedy takes the body first, lazy what is behind it. */
static void split(struct parser *c, int at, int x, int y, int lazy)
{
	c->r->code[at].op = RX_SPLIT;
	c->r->code[at].x = (int16_t)(lazy ? y : x);
	c->r->code[at].y = (int16_t)(lazy ? x : y);
}

static void star(struct parser *c, int start, int lazy)
{
	insert(c, start, 1);
	emit(c, RX_JMP, start, 0);
	split(c, start, start + 1, c->r->n, lazy);
}

static void optional(struct parser *c, int start, int lazy)
{
	insert(c, start, 1);
	split(c, start, start + 1, c->r->n, lazy);
}

static int number(struct parser *c)
{
	int v = 0;

	if (!isdigit((unsigned char)*c->p))
		return -1;
	while (isdigit((unsigned char)*c->p) && v < 1000)
		v = v * 10 + *c->p++ - '0';
	return v;
}

static void counted(struct parser *c, int start)
{
	int lo, hi, len = c->r->n - start, i, at;

	c->p++;
	lo = hi = number(c);
	if (*c->p == ',') {
		c->p++;
		hi = number(c);
	} else if (lo < 0) {
		fail(c, "bad repeat");
		return;
	}
	if (*c->p++ != '}' || lo < 0 || (hi >= 0 && hi < lo) || hi > 100) {
		fail(c, "bad repeat");
		return;
	}
	for (i = 1; i < lo; i++)
		copy(c, start, len);
	if (hi < 0) {
		at = c->r->n;
		copy(c, start, len);
		star(c, at, 0);
	}
	for (i = lo; i < hi; i++) {
		at = c->r->n;
		copy(c, start, len);
		optional(c, at, 0);
	}
	if (!lo) { /* the first copy must not be there at all */
		insert(c, start, 1);
		c->r->code[start].op = RX_JMP;
		c->r->code[start].x = (int16_t)(start + 1 + len);
	}
}

static void sequence(struct parser *c)
{
	int start, at, lazy;

	while (*c->p && *c->p != '|' && *c->p != ')') {
		start = c->r->n;
		atom(c);
		if (*c->p == '{') {
			counted(c, start);
			continue;
		}
		if (*c->p != '*' && *c->p != '+' && *c->p != '?')
			continue;
		at = *c->p++;
		lazy = *c->p == '?';
		c->p += lazy;
		if (at == '*') {
			star(c, start, lazy);
		} else if (at == '?') {
			optional(c, start, lazy);
		} else {
			at = emit(c, RX_SPLIT, 0, 0);
			split(c, at, start, c->r->n, lazy);
		}
	}
}

static void alternation(struct parser *c)
{
	int start = c->r->n, end;

	sequence(c);
	while (*c->p == '|') {
		c->p++;
		insert(c, start, 1);
		end = emit(c, RX_JMP, 0, 0);
		split(c, start, start + 1, c->r->n, 0);
		sequence(c);
		/* a chain of jumps is fine for a program that is short */
		c->r->code[end].x = (int16_t)c->r->n;
	}
}

int regex_compile(struct regex *r, const char *pattern, int flags)
{
	struct parser c = { r, pattern };

	memset(r, 0, sizeof(*r));
	r->icase = flags & REGEX_ICASE;
	r->ngroups = 1;
	emit(&c, RX_SAVE, 0, 0);
	alternation(&c);
	if (!r->error && *c.p)
		fail(&c, "unmatched )");
	emit(&c, RX_SAVE, 1, 0);
	emit(&c, RX_MATCH, 0, 0);
	return r->error ? -1 : 0;
}
