/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <json.h>
#include <uk/coll.h>

/* JSON values in MessagePack, and back. */
int msgpack_from_json(const struct json *v, struct uk_strbuf *out);
struct json *msgpack_to_json(const uint8_t *p, size_t n, size_t *used);
