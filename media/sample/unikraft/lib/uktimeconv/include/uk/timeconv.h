/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct uk_tm {
	int year, month, day, hour, min, sec, wday, yday;
};
int64_t uk_days_from_civil(int year, int month, int day);
void uk_civil_from_days(int64_t days, int *year, int *month, int *day);
int64_t uk_timegm(const struct uk_tm *tm);
void uk_gmtime(int64_t t, struct uk_tm *tm);
int uk_is_leap(int year);
/* 2026-01-31T12:00:00Z and "Sat, 31 Jan 2026 12:00:00 GMT" */
size_t uk_time_iso(int64_t t, char *out, size_t cap);
size_t uk_time_http(int64_t t, char *out, size_t cap);
int uk_time_parse_iso(const char *s, int64_t *t);
const char *uk_time_scratch(int64_t t);
