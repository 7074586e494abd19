/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#ifndef REPORT_H
#define REPORT_H

/*
 * What a service or a function leaves behind when it ends: one JSON object,
 * without secrets, packed for the log that it is sent to.
 */
struct report;
struct report *report_new(const char *name);
void report_int(struct report *r, const char *key, long value);
void report_text(struct report *r, const char *key, const char *text);
/* Prints it and how it packs, and frees it; 0 if what is unpacked is the same. */
int report_send(struct report *r);

#endif
