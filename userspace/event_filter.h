/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which events somebody wants to see.
 */
#ifndef CORDON_EVENT_FILTER_H
#define CORDON_EVENT_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "event_shape.h"
#include "util/failure.h"

/** struct cordon_event_wish - as it was asked for; NULL: all */
struct cordon_event_wish {
	const char *classes;
	const char *user;
	const char *unit;
	const char *pid;
	const char *reason;
	const char *rule;
	const char *since;
	const char *until;
	bool boot;
};

/**
 * struct cordon_event_filter - what passes
 * @classes: bit by class
 * @uid: NOBODY: anybody
 * @unit: NULL: any
 * @pid: 0: any
 * @reason: of denials, 0: any
 * @rule: that let a connection through, NULL: any
 * @since, @until: nanoseconds since 1970
 * @boot: of this one only
 */
struct cordon_event_filter {
	unsigned int classes;
	uint32_t uid;
	const char *unit;
	uint32_t pid;
	uint16_t reason;
	const char *rule;
	int64_t since;
	int64_t until;
	bool boot;
	uint8_t boot_id[16];
};

/**
 * cordon_event_filter_read()
 * @now: nanoseconds since 1970
 * Return: 0; -EINVAL with @failure.
 */
int cordon_event_filter_read(const struct cordon_event_wish *wish, int64_t now,
			     struct cordon_failure *failure,
			     struct cordon_event_filter *ret_filter);

/** cordon_event_filter_may_pass() - by class, time and boot; the rest is not known yet */
bool cordon_event_filter_may_pass(const struct cordon_event_filter *filter,
				  const struct cordon_events_record *record);

/** cordon_event_filter_passes() - by who did it, and why it was denied */
bool cordon_event_filter_passes(const struct cordon_event_filter *filter,
				const struct cordon_event_view *view);

#endif
