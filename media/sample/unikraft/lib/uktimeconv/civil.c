/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <uk/timeconv.h>

int uk_is_leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* Days since 1970-01-01, by eras of 400 years that begin in March. */
int64_t uk_days_from_civil(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void uk_civil_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

int64_t uk_timegm(const struct uk_tm *tm)
{
	return ((uk_days_from_civil(tm->year, tm->month, tm->day) * 24 + tm->hour) * 60 + tm->min) * 60 +
	       tm->sec;
}

void uk_gmtime(int64_t t, struct uk_tm *tm)
{
	int64_t days = t / 86400, rest = t % 86400;

	if (rest < 0) {
		rest += 86400;
		days--;
	}
	uk_civil_from_days(days, &tm->year, &tm->month, &tm->day);
	tm->hour = (int)(rest / 3600);
	tm->min = (int)(rest / 60 % 60);
	tm->sec = (int)(rest % 60);
	tm->wday = (int)(((days % 7) + 11) % 7);
	tm->yday = (int)(days - uk_days_from_civil(tm->year, 1, 1));
}
