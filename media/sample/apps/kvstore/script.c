/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#include <stddef.h>

const char *const script[] = {
	"PING", "SET greeting hello", "GET greeting", "APPEND greeting ,world", "STRLEN greeting",
	"DIGEST greeting", "SET greeting other NX", "SET n 41", "INCR n", "INCRBY n -2", "DECR n", "GET n",
	"INCR greeting", "RPUSH queue a b c d", "LPUSH queue z", "LRANGE queue 0 -1", "LPOP queue",
	"RPOP queue", "LLEN queue", "GET queue", "ZADD rank 30 carol 10 alice 20 bob 10 aaron",
	"ZRANGE rank 0 -1", "ZADD rank 5 carol", "ZRANK rank carol", "ZSCORE rank bob", "ZREM rank alice",
	"ZCARD rank", "SET session token EX 60", "TTL session", "TTL n", "TYPE rank", "MGET n missing greeting",
	"EXISTS n queue nothing", "DEL n nothing", "DBSIZE", "NOSUCH command", "GET", "SET a b PX",
	NULL,
};
