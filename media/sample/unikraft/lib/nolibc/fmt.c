/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/config.h>
#include "fmt.h"

static void put(struct fmt__out *o, char c)
{
	if (o->len + 1 < o->cap)
		o->buf[o->len] = c;
	o->len++;
}

static void fill(struct fmt__out *o, char c, int n)
{
	while (n-- > 0)
		put(o, c);
}

/* One field: padding, sign or 0x, zeros, digits, padding. */
void fmt__pad(struct fmt__out *o, const char *prefix, const char *s, size_t n, int zeros,
	      const struct fmt__spec *sp)
{
	int pre = (int)strlen(prefix), room = sp->width - pre - (int)n - zeros;

	if (!sp->left && !sp->zero)
		fill(o, ' ', room);
	while (*prefix)
		put(o, *prefix++);
	if (!sp->left && sp->zero)
		fill(o, '0', room);
	fill(o, '0', zeros);
	while (n--)
		put(o, *s++);
	if (sp->left)
		fill(o, ' ', room);
}

static void integer(struct fmt__out *o, uint64_t v, int neg, int base, struct fmt__spec *sp)
{
	const char *digits = sp->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	const char *prefix = "";
	char tmp[66], *p = tmp + sizeof(tmp);
	int n, zeros = 0;

	if (neg)
		prefix = "-";
	else if (sp->plus)
		prefix = "+";
	else if (sp->space)
		prefix = " ";
	if (sp->alt && v && base == 16)
		prefix = sp->upper ? "0X" : "0x";
	for (; v; v /= (unsigned int)base)
		*--p = digits[v % (unsigned int)base];
	if (sp->alt && base == 8)
		*--p = '0';
	n = (int)(tmp + sizeof(tmp) - p);
	if (sp->prec < 0 && !n)
		*--p = '0', n = 1;
	if (sp->prec >= 0) {
		sp->zero = 0;
		zeros = sp->prec > n ? sp->prec - n : 0;
	}
	fmt__pad(o, prefix, p, (size_t)n, zeros, sp);
}

static const char *parse(const char *f, struct fmt__spec *sp, va_list *ap)
{
	memset(sp, 0, sizeof(*sp));
	for (;; f++) {
		if (*f == '-')
			sp->left = 1;
		else if (*f == '+')
			sp->plus = 1;
		else if (*f == ' ')
			sp->space = 1;
		else if (*f == '#')
			sp->alt = 1;
		else if (*f == '0')
			sp->zero = 1;
		else
			break;
	}
	if (*f == '*') {
		sp->width = va_arg(*ap, int);
		if (sp->width < 0) {
			sp->left = 1;
			sp->width = -sp->width;
		}
		f++;
	} else {
		sp->width = (int)strtol(f, (char **)&f, 10);
	}
	sp->prec = -1;
	if (*f == '.') {
		f++;
		if (*f == '*') {
			sp->prec = va_arg(*ap, int);
			f++;
		} else {
			sp->prec = *f >= '0' && *f <= '9' ? (int)strtol(f, (char **)&f, 10) : 0;
		}
	}
	for (;; f++) {
		if (*f == 'h')
			sp->size--;
		else if (*f == 'l' || *f == 'j' || *f == 't')
			sp->size++;
		else if (*f == 'z')
			sp->size = 3;
		else
			break;
	}
	sp->conv = *f;
	return f + (*f != 0);
}

static int64_t get_signed(struct fmt__spec *sp, va_list *ap)
{
	switch (sp->size) {
	case -2:
		return (signed char)va_arg(*ap, int);
	case -1:
		return (short)va_arg(*ap, int);
	case 0:
		return va_arg(*ap, int);
	default:
		return va_arg(*ap, int64_t);
	}
}

static uint64_t get_unsigned(struct fmt__spec *sp, va_list *ap)
{
	switch (sp->size) {
	case -2:
		return (unsigned char)va_arg(*ap, int);
	case -1:
		return (unsigned short)va_arg(*ap, int);
	case 0:
		return va_arg(*ap, unsigned int);
	default:
		return va_arg(*ap, uint64_t);
	}
}

int vsnprintf(char *s, size_t n, const char *fmt, va_list args)
{
	struct fmt__out o = { s, n, 0 };
	struct fmt__spec sp;
	const char *str;
	int64_t v;
	char c;
	va_list ap;

	va_copy(ap, args);
	while (*fmt) {
		if (*fmt != '%') {
			put(&o, *fmt++);
			continue;
		}
		fmt = parse(fmt + 1, &sp, &ap);
		switch (sp.conv) {
		case 'd':
		case 'i':
			v = get_signed(&sp, &ap);
			integer(&o, v < 0 ? -(uint64_t)v : (uint64_t)v, v < 0, 10, &sp);
			break;
		case 'u':
			integer(&o, get_unsigned(&sp, &ap), 0, 10, &sp);
			break;
		case 'o':
			integer(&o, get_unsigned(&sp, &ap), 0, 8, &sp);
			break;
		case 'b':
			integer(&o, get_unsigned(&sp, &ap), 0, 2, &sp);
			break;
		case 'X':
			sp.upper = 1;
			/* fallthrough */
		case 'x':
			integer(&o, get_unsigned(&sp, &ap), 0, 16, &sp);
			break;
		case 'p':
			sp.alt = 1;
			integer(&o, (uint64_t)va_arg(ap, void *), 0, 16, &sp);
			break;
		case 'c':
			c = (char)va_arg(ap, int);
			sp.zero = 0;
			fmt__pad(&o, "", &c, 1, 0, &sp);
			break;
		case 's':
			str = va_arg(ap, const char *);
			if (!str)
				str = "(null)";
			sp.zero = 0;
			fmt__pad(&o, "", str,
				 sp.prec >= 0 ? strnlen(str, (size_t)sp.prec) : strlen(str), 0, &sp);
			break;
#if CONFIG_LIBNOLIBC_FLOAT
		case 'f':
		case 'e':
		case 'g':
			fmt__float(&o, va_arg(ap, double), &sp);
			break;
#endif
		case '%':
			put(&o, '%');
			break;
		default:
			/* not known: show it as it was written */
			put(&o, '%');
			if (sp.conv)
				put(&o, sp.conv);
			break;
		}
	}
	va_end(ap);
	if (n)
		s[o.len < n ? o.len : n - 1] = 0;
	return (int)o.len;
}

int snprintf(char *s, size_t n, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vsnprintf(s, n, fmt, ap);
	va_end(ap);
	return rc;
}

int sprintf(char *s, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vsnprintf(s, 0x7fffffff, fmt, ap);
	va_end(ap);
	return rc;
}

int asprintf(char **out, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	*out = malloc((size_t)rc + 1);
	if (!*out)
		return -1;
	va_start(ap, fmt);
	rc = vsnprintf(*out, (size_t)rc + 1, fmt, ap);
	va_end(ap);
	return rc;
}
