/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <errno.h>
#include <string.h>
#include <uk/console.h>

static struct uk_list_head consoles = UK_LIST_HEAD_INIT(consoles);
static short ids;
static short outs;

void uk_console_register(struct uk_console *c)
{
	c->id = ids++;
	if (c->flags & UK_CONSOLE_STDOUT)
		outs++;
	uk_list_add_tail(&c->link, &consoles);
}

struct uk_console *uk_console_get(int id)
{
	struct uk_console *c;

	uk_list_for_each_entry(c, &consoles, link)
		if (c->id == id)
			return c;
	return NULL;
}

int uk_console_count(void)
{
	return ids;
}

/* Output goes to every console of that kind; the longest counts. */
ssize_t uk_console_out(const char *buf, size_t len)
{
	struct uk_console *c;
	ssize_t best = outs ? 0 : -ENODEV;

	uk_list_for_each_entry(c, &consoles, link) {
		ssize_t n;

		if (!(c->flags & UK_CONSOLE_STDOUT))
			continue;
		n = c->out(c, buf, len);
		if (n > 0)
			c->bytes += (unsigned long)n;
		if (n > best)
			best = n;
	}
	return best;
}

ssize_t uk_console_in(char *buf, size_t len)
{
	struct uk_console *c;
	ssize_t n;

	uk_list_for_each_entry(c, &consoles, link) {
		if (!(c->flags & UK_CONSOLE_STDIN))
			continue;
		n = c->in(c, buf, len);
		if (n)
			return n;
	}
	return 0;
}

unsigned long uk_console_bytes(void)
{
	struct uk_console *c;
	unsigned long n = 0;

	uk_list_for_each_entry(c, &consoles, link)
		n += c->bytes;
	return n;
}
