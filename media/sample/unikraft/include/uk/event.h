/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026, The Spacer Authors. */
#pragma once
#include <uk/essentials.h>

/* An event is a section per event name: handlers stand in
 * .uk_event_NAME~<prio>, between a header (.uk_event_NAME~) that holds the
 * end of the list and a zero-sized end mark (.uk_event_NAME~~). The tilde sorts
 * behind every character of a name, so the linker's sorting keeps events apart. */
typedef int (*uk_event_handler_t)(void *data);

#define UK_EVENT_NOT_HANDLED 0
#define UK_EVENT_HANDLED 1
#define UK_EVENT_HANDLED_CONT 2

struct uk_event {
	const uk_event_handler_t *hlist_end;
};

#define UK_EVENT(name) \
	extern const uk_event_handler_t _uk_event_##name##_end[]; \
	__asm__(".pushsection \".uk_event_" #name "~~\", \"a\"\n" \
		"_uk_event_" #name "_end:\n" \
		".popsection\n"); \
	struct uk_event uk_event_##name __used __section(".uk_event_" #name "~") __align(8) = { \
		_uk_event_##name##_end }

#define _UK_EVENT_HANDLER(name, fn, prio) \
	static uk_event_handler_t __used __section(".uk_event_" #name "~" #prio) __align(8) \
		__uk_event_h_##name##_##fn = (fn)
#define UK_EVENT_HANDLER_PRIO(name, fn, prio) _UK_EVENT_HANDLER(name, fn, prio)
#define UK_EVENT_DECLARE(name) extern struct uk_event uk_event_##name

static inline int uk_raise_event_ptr(struct uk_event *e, void *data)
{
	const uk_event_handler_t *h = (const uk_event_handler_t *)(e + 1);
	const uk_event_handler_t *end = *(const uk_event_handler_t *volatile *)&e->hlist_end;
	int rc = UK_EVENT_NOT_HANDLED;

	for (; h < end; h++) {
		rc = (*h)(data);
		if (rc < 0 || rc == UK_EVENT_HANDLED)
			break;
	}
	return rc;
}
#define uk_raise_event(name, data) uk_raise_event_ptr(&uk_event_##name, (data))
