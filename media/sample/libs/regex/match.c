/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

struct thread {
	int pc;
	const char *save[REGEX_MAX_SAVE];
};
struct list {
	struct thread t[REGEX_MAX_CODE];
	uint32_t seen[REGEX_MAX_CODE];
	int n;
};
struct machine {
	struct list lists[2];
	uint32_t gen;
	const char *begin, *end;
};

static int word_at(const struct machine *m, const char *p)
{
	return p >= m->begin && p < m->end && (isalnum((unsigned char)*p) || *p == '_');
}

/* Follow everything that takes no character. */
static void add(const struct regex *r, struct machine *m, struct list *l, int pc, const char *p,
		const char **save)
{
	const struct regex_insn *i = &r->code[pc];
	const char *old;

	if (l->seen[pc] == m->gen)
		return;
	l->seen[pc] = m->gen;
	switch (i->op) {
	case RX_JMP:
		add(r, m, l, i->x, p, save);
		break;
	case RX_SPLIT:
		add(r, m, l, i->x, p, save);
		add(r, m, l, i->y, p, save);
		break;
	case RX_SAVE:
		old = save[i->x];
		save[i->x] = p;
		add(r, m, l, pc + 1, p, save);
		save[i->x] = old;
		break;
	case RX_BOL:
		if (p == m->begin || p[-1] == '\n')
			add(r, m, l, pc + 1, p, save);
		break;
	case RX_EOL:
		if (p == m->end || *p == '\n')
			add(r, m, l, pc + 1, p, save);
		break;
	case RX_WORDB:
		if (word_at(m, p - 1) != word_at(m, p))
			add(r, m, l, pc + 1, p, save);
		break;
	default:
		l->t[l->n].pc = pc;
		memcpy(l->t[l->n].save, save, sizeof(l->t[0].save));
		l->n++;
	}
}

static int accepts(const struct regex *r, const struct regex_insn *i, unsigned char c)
{
	switch (i->op) {
	case RX_CHAR:
		return (r->icase ? tolower(c) : c) == i->x;
	case RX_ANY:
		return c != '\n';
	case RX_SET:
		return r->sets[i->x][c >> 6] >> (c & 63) & 1;
	default:
		return 0;
	}
}

int regex_search(const struct regex *r, const char *s, size_t n, struct regex_match *m)
{
	struct machine *v = calloc(1, sizeof(*v));
	struct list *cur, *next, *tmp;
	const char *save[REGEX_MAX_SAVE] = { NULL }, *best[REGEX_MAX_SAVE] = { NULL }, *p;
	int i, found = 0;

	if (!v)
		return -1;
	cur = &v->lists[0];
	next = &v->lists[1];
	v->begin = s;
	v->end = s + n;
	for (p = s;; p++) {
		v->gen++;
		/* a new attempt begins here, behind those that are under way */
		if (!found) {
			for (i = 0; i < cur->n; i++)
				cur->seen[cur->t[i].pc] = v->gen;
			add(r, v, cur, 0, p, save);
		}
		if (!cur->n && found)
			break;
		next->n = 0;
		v->gen++;
		for (i = 0; i < cur->n; i++) {
			struct thread *t = &cur->t[i];

			if (r->code[t->pc].op == RX_MATCH) {
				memcpy(best, t->save, sizeof(best));
				found = 1;
				break; /* those behind it have less right */
			}
			if (p < v->end && accepts(r, &r->code[t->pc], (unsigned char)*p))
				add(r, v, next, t->pc + 1, p + 1, t->save);
		}
		tmp = cur;
		cur = next;
		next = tmp;
		if (p == v->end)
			break;
	}
	free(v);
	if (found && m) {
		m->groups = r->ngroups;
		for (i = 0; i < REGEX_MAX_SAVE / 2; i++) {
			m->start[i] = best[2 * i];
			m->end[i] = best[2 * i + 1];
		}
	}
	return found;
}

int regex_full(const struct regex *r, const char *s, size_t n)
{
	struct regex_match m;

	return regex_search(r, s, n, &m) == 1 && m.start[0] == s && m.end[0] == s + n;
}
