/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <json.h>
#include <uk/coll.h>

/* A pipe of steps: "get /a/b | where size > 10 | pick name,size | sort size | first 3" */
struct json *query(const struct json *input, const char *text, char *error, size_t cap);
void report(const struct json *rows);
