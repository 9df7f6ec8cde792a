/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Moments and spans of events, for people and programs, in UTC.
 */
#ifndef CORDON_EVENT_TIME_H
#define CORDON_EVENT_TIME_H

#include <stdint.h>

#include "util/failure.h"

/** struct cordon_event_time - a text by value */
struct cordon_event_time {
	char text[48];
};

/** cordon_event_time_text() - "2026-11-21 16:41:27.123"
 * @wall: nanoseconds since 1970
 */
const char *cordon_event_time_text(int64_t wall, struct cordon_event_time *ret_time);

/** cordon_event_time_iso() - "2026-11-21T16:41:27.123456789Z", RFC 3339 */
const char *cordon_event_time_iso(int64_t wall, struct cordon_event_time *ret_time);

/** cordon_event_date_text() - "2026-11-21 16:41:27"; what is beyond the years 0 to 9999 is cut
 * @seconds: since 1970
 */
const char *cordon_event_date_text(int64_t seconds, struct cordon_event_time *ret_time);

/** cordon_event_date_iso() - "2026-11-21T16:41:27.000000000Z" of the same */
const char *cordon_event_date_iso(int64_t seconds, struct cordon_event_time *ret_time);

/** cordon_event_span_text() - "1.234 ms", "3.210 s", "2 h 5 min" */
const char *cordon_event_span_text(uint64_t span, struct cordon_event_time *ret_time);

/**
 * cordon_event_time_read() - "YYYY-MM-DD HH:MM[:SS]", or how long ago: "90s", "10m", "2h", "3d"
 * @name: of the option, for @failure
 * @now: nanoseconds since 1970
 * Return: 0; -EINVAL with @failure.
 */
int cordon_event_time_read(const char *name, const char *text, int64_t now,
			   struct cordon_failure *failure, int64_t *ret_wall);

#endif
