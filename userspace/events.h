/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of a log in the order in which they were made: of each boot, all
 * classes merged by time.  It holds one segment of each class and no more,
 * whatever the log's size.  It believes no record: what is none is counted and
 * passed over.  Whether the log is what the node wrote is log_verify.h's to say.
 *
 * Within a class it goes by blocks, in the order of the chain; what userspace
 * told stands in blocks of its own, and comes a little later than what the
 * kernel told at that time.  Boots follow each other as in the chain of the
 * first class that has them, by no clock.
 */
#ifndef CORDON_EVENTS_H
#define CORDON_EVENTS_H

#include <stdint.h>

#include <cordon/uapi/event.h>

#include "util/failure.h"

#define CORDON_EVENTS_ALL ((1U << CORDON_CLASS_COUNT) - 1)

struct cordon_events;

/**
 * struct cordon_events_record - a record and where it belongs
 * @event: whole, and of its chain; texts and what its struct says are not looked at
 * @class: of its chain; losses stand in the chain of what was lost
 * @wall: nanoseconds since 1970, by a clock that may have been wrong
 * @boot_id: 16 bytes
 */
struct cordon_events_record {
	const struct cordon_event *event;
	enum cordon_event_class class;
	int64_t wall;
	const uint8_t *boot_id;
};

/**
 * struct cordon_events_faults - what could not be read
 * @damaged: bytes that are no block
 * @malformed: blocks that end in what is no record
 * @unreadable: segments
 * @first: why the first of them
 */
struct cordon_events_faults {
	uint64_t damaged;
	uint64_t malformed;
	uint64_t unreadable;
	struct cordon_failure first;
};

/**
 * cordon_events_open() - from the oldest record on
 * @folder: of a log, open; stays the caller's
 * @classes: bit by class
 * Return: 0; -errno with @failure.
 */
int cordon_events_open(int folder, unsigned int classes, struct cordon_failure *failure,
		       struct cordon_events **ret_events);
void cordon_events_close(struct cordon_events *events);

/** cordon_events_next() - the next record, good until the next call. Return: 1; 0: that was all */
int cordon_events_next(struct cordon_events *events, struct cordon_events_record *ret_record);

/** cordon_events_again() - cordon_events_next() goes on with what was written since */
void cordon_events_again(struct cordon_events *events);

const struct cordon_events_faults *cordon_events_faults(const struct cordon_events *events);

#endif
