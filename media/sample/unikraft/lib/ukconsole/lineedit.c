/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <string.h>
#include <uk/console.h>

static void erase(struct uk_lineedit *e, int at)
{
	if (at < 0 || at >= e->len)
		return;
	memmove(e->buf + at, e->buf + at + 1, (size_t)(e->len - at - 1));
	e->len--;
}

static void recall(struct uk_lineedit *e, int step)
{
	int n = e->hpos + step;

	if (n < 0 || n > e->hcount || e->hcount - n > 4)
		return;
	e->hpos = n;
	e->len = n == e->hcount ? 0 : (int)strlcpy(e->buf, e->history[n % 4], sizeof(e->buf));
	e->cur = e->len;
}

static void escape(struct uk_lineedit *e, char key)
{
	if (e->esc == 1) {
		e->esc = key == '[' ? 2 : 0;
		return;
	}
	e->esc = 0;
	switch (key) {
	case 'A':
		recall(e, -1);
		break;
	case 'B':
		recall(e, 1);
		break;
	case 'C':
		e->cur += e->cur < e->len;
		break;
	case 'D':
		e->cur -= e->cur > 0;
		break;
	case 'H':
		e->cur = 0;
		break;
	case 'F':
		e->cur = e->len;
		break;
	}
}

const char *uk_lineedit_feed(struct uk_lineedit *e, char key)
{
	if (e->esc) {
		escape(e, key);
		return NULL;
	}
	switch (key) {
	case '\r':
	case '\n':
		e->buf[e->len] = 0;
		strlcpy(e->history[e->hcount % 4], e->buf, sizeof(e->history[0]));
		e->hpos = ++e->hcount;
		e->len = e->cur = 0;
		return e->history[(e->hcount - 1) % 4];
	case 27:
		e->esc = 1;
		break;
	case 1:
		e->cur = 0;
		break;
	case 5:
		e->cur = e->len;
		break;
	case 8:
	case 127:
		if (e->cur > 0)
			erase(e, --e->cur);
		break;
	case 11:
		e->len = e->cur;
		break;
	case 21:
		memmove(e->buf, e->buf + e->cur, (size_t)(e->len - e->cur));
		e->len -= e->cur;
		e->cur = 0;
		break;
	case 23:
		while (e->cur > 0 && e->buf[e->cur - 1] == ' ')
			erase(e, --e->cur);
		while (e->cur > 0 && e->buf[e->cur - 1] != ' ')
			erase(e, --e->cur);
		break;
	default:
		if (!isprint((unsigned char)key) || e->len == (int)sizeof(e->buf) - 1)
			break;
		memmove(e->buf + e->cur + 1, e->buf + e->cur, (size_t)(e->len - e->cur));
		e->buf[e->cur++] = key;
		e->len++;
	}
	return NULL;
}
