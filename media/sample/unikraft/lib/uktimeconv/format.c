/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <uk/timeconv.h>

/* Tentative definitions, compiled with -fcommon: they end up in COMMON. */
char uk_time_buffer[48];
long uk_time_calls;

static const char wdays[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

size_t uk_time_iso(int64_t t, char *out, size_t cap)
{
	struct uk_tm tm;

	uk_time_calls++;
	uk_gmtime(t, &tm);
	return (size_t)snprintf(out, cap, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.year, tm.month, tm.day,
				tm.hour, tm.min, tm.sec);
}

size_t uk_time_http(int64_t t, char *out, size_t cap)
{
	struct uk_tm tm;

	uk_time_calls++;
	uk_gmtime(t, &tm);
	return (size_t)snprintf(out, cap, "%s, %02d %s %04d %02d:%02d:%02d GMT", wdays[tm.wday], tm.day,
				months[tm.month - 1], tm.year, tm.hour, tm.min, tm.sec);
}

const char *uk_time_scratch(int64_t t)
{
	uk_time_iso(t, uk_time_buffer, sizeof(uk_time_buffer));
	return uk_time_buffer;
}

static int number(const char **s, int digits, int *out)
{
	*out = 0;
	while (digits--) {
		if (!isdigit((unsigned char)**s))
			return 0;
		*out = *out * 10 + *(*s)++ - '0';
	}
	return 1;
}

int uk_time_parse_iso(const char *s, int64_t *t)
{
	static const char seps[] = "--T::Z";
	struct uk_tm tm;
	int *fields[] = { &tm.year, &tm.month, &tm.day, &tm.hour, &tm.min, &tm.sec };
	int i;

	for (i = 0; i < 6; i++) {
		if (!number(&s, i ? 2 : 4, fields[i]))
			return -EINVAL;
		if (*s++ != seps[i])
			return -EINVAL;
	}
	if (tm.month < 1 || tm.month > 12 || tm.day < 1 || tm.day > 31 || tm.hour > 23 || tm.min > 59 ||
	    tm.sec > 60)
		return -ERANGE;
	*t = uk_timegm(&tm);
	return 0;
}
