/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdlib.h>
#include <uk/bootreg.h>
#include <uk/console.h>
#include <uk/init.h>
#include <uk/io.h>
#include <uk/libparam.h>
#include <uk/print.h>

static const uint16_t ports[] = { 0x3f8, 0x2f8 };
static struct uart {
	struct uk_console con;
	uint16_t port;
} uarts[ARRAY_SIZE(ports)];

/* from the command line: console.baud=115200 */
static long baud = 115200;
UK_LIBPARAM(console_baud, &baud);

static ssize_t out(struct uk_console *c, const char *buf, size_t len)
{
	uint16_t port = container_of(c, struct uart, con)->port;
	size_t i;

	for (i = 0; i < len; i++) {
		if (buf[i] == '\n') {
			while (!(inb(port + 5) & 0x20))
				;
			outb(port, '\r');
		}
		while (!(inb(port + 5) & 0x20))
			;
		outb(port, (uint8_t)buf[i]);
	}
	return (ssize_t)len;
}

static ssize_t in(struct uk_console *c, char *buf, size_t len)
{
	uint16_t port = container_of(c, struct uart, con)->port;
	size_t n = 0;

	while (n < len && (inb(port + 5) & 1))
		buf[n++] = (char)inb(port);
	return (ssize_t)n;
}

static int setup(uint16_t port)
{
	uint16_t div = (uint16_t)(115200 / (baud > 0 ? baud : 115200));

	/* the scratch register tells whether there is a UART at all */
	outb(port + 7, 0x5a);
	if (inb(port + 7) != 0x5a)
		return -1;
	outb(port + 1, 0);
	outb(port + 3, 0x80);
	outb(port, (uint8_t)div);
	outb(port + 1, (uint8_t)(div >> 8));
	outb(port + 3, 3);
	outb(port + 2, 0xc7);
	outb(port + 4, 0x0b);
	return 0;
}

static int early_init(struct ukplat_bootinfo *bi __unused)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		if (setup(ports[i]))
			continue;
		uarts[i].port = ports[i];
		uarts[i].con.name = i ? "com2" : "com1";
		uarts[i].con.flags = UK_CONSOLE_STDOUT | UK_CONSOLE_STDIN;
		uarts[i].con.out = out;
		uarts[i].con.in = in;
		uk_console_register(&uarts[i].con);
	}
	return 0;
}
UK_BOOT_EARLYTAB_ENTRY(early_init, 1);

static int late_init(struct uk_init_ctx *ctx __unused)
{
	uk_pr_info("%d serial console(s)\n", uk_console_count());
	return 0;
}
uk_initcall_prio(late_init, NULL, 21);
