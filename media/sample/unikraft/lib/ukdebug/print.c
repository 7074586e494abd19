/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdio.h>
#include <string.h>
#include <uk/console.h>
#include <uk/print.h>

static const struct {
	const char *name, *color;
} levels[] = {
	{ "CRIT", "\033[31;1m" }, { "ERR", "\033[31m" }, { "Warn", "\033[33m" },
	{ "Info", "\033[36m" },	  { "dbg", "\033[37m" },
};

/* Split the text at newlines, so that each line has its head. */
static void emit(int level, const char *head, char *text)
{
	while (text && *text) {
		char *nl = strchr(text, '\n');

		uk_console_out(head, strlen(head));
		if (nl)
			*nl++ = 0;
		uk_console_out(text, strlen(text));
#if CONFIG_LIBUKDEBUG_COLOR
		uk_console_out("\033[0m", 4);
#endif
		uk_console_out("\n", 1);
		text = nl;
	}
	(void)level;
}

void _uk_vprintk(int level, const char *lib, const char *base, unsigned int line, const char *fmt,
		 va_list ap)
{
	char head[80], text[256];
	int n = 0;

	if (level < 0 || level > UK_PRINT_DEBUG)
		level = UK_PRINT_ERR;
#if CONFIG_LIBUKDEBUG_COLOR
	n += snprintf(head, sizeof(head), "%s", levels[level].color);
#endif
	n += snprintf(head + n, sizeof(head) - (size_t)n, "%-4s [%s] ", levels[level].name,
		      lib ? lib : "?");
#if CONFIG_LIBUKDEBUG_SRCLINE
	snprintf(head + n, sizeof(head) - (size_t)n, "<%s @ %u> ", base, line);
#else
	(void)base;
	(void)line;
#endif
	vsnprintf(text, sizeof(text), fmt, ap);
	emit(level, head, text);
}

void _uk_printk(int level, const char *lib, const char *base, unsigned int line, const char *fmt,
		...)
{
	va_list ap;

	va_start(ap, fmt);
	_uk_vprintk(level, lib, base, line, fmt, ap);
	va_end(ap);
}
