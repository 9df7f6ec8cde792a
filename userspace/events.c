// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Merges the chains of a log; see events.h.
 */
#include "events.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "log_reader.h"

#define RECORDS_MAX (CORDON_LOG_BLOCK_MAX / sizeof(struct cordon_event))

/**
 * struct stream - one class
 * @reader: NULL: it is not wanted
 * @record: of its block, by time
 * @at, @nr: the next one of them
 * @zero: wall clock at the boot, nanoseconds
 */
struct stream {
	struct cordon_log_reader *reader;
	const struct cordon_event *record[RECORDS_MAX];
	size_t at, nr;
	uint64_t zero;
	uint8_t boot_id[16];
};

struct cordon_events {
	struct stream stream[CORDON_CLASS_COUNT];
	uint8_t boot_id[16]; /* that is told */
	struct cordon_events_faults faults;
};

/* ---- one block ---------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
	const struct cordon_event *x = *(const struct cordon_event *const *)a,
				  *y = *(const struct cordon_event *const *)b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* What the log tells of a chain stands in it. */
static bool is_of(const struct cordon_event *event, enum cordon_event_class class)
{
	return CORDON_EVENT_CLASS(event->type) == class ||
	       CORDON_EVENT_CLASS(event->type) == CORDON_CLASS_OWN;
}

static void take_records(struct cordon_events *events, struct stream *stream,
			 const struct cordon_log_block *block)
{
	const struct cordon_event *record;
	size_t at = 0;

	stream->at = 0;
	stream->nr = 0;
	while ((record = cordon_event_next(block + 1, block->size, &at)) &&
	       is_of(record, block->class))
		stream->record[stream->nr++] = record;
	events->faults.malformed += record || at < block->size;
	qsort(stream->record, stream->nr, sizeof(stream->record[0]), by_time);
}

static void take_clock(struct stream *stream, const struct cordon_log_block *block)
{
	memcpy(stream->boot_id, block->boot_id, sizeof(stream->boot_id));
	stream->zero = (uint64_t)block->wall - block->monotonic;
}

/* ---- one chain ---------------------------------------------------------------------------- */

/* The end of the last segment may just be being written. */
static bool may_grow(const struct stream *stream, const struct cordon_log_found *found)
{
	uint32_t last;

	return found->fault == CORDON_LOG_SHORT && cordon_log_reader_last(stream->reader, &last) &&
	       found->segment == last;
}

static void take_found(struct cordon_events *events, struct stream *stream,
		       const struct cordon_log_found *found)
{
	if (found->fault == CORDON_LOG_WHOLE) {
		take_clock(stream, found->block);
		take_records(events, stream, found->block);
	} else if (!may_grow(stream, found)) {
		events->faults.damaged += found->size;
	}
}

/* A segment that is gone was deleted for want of space, which a record tells. */
static void fill(struct cordon_events *events, struct stream *stream)
{
	struct cordon_log_found found;
	int result = 1;

	while (stream->at == stream->nr && result) {
		struct cordon_failure failure = { .text = "" };

		result = cordon_log_reader_next(stream->reader, &failure, &found);
		if (result > 0) {
			take_found(events, stream, &found);
		} else if (result < 0 && result != -ENOENT) {
			if (!events->faults.unreadable++)
				events->faults.first = failure;
		}
	}
}

/* ---- all of them -------------------------------------------------------------------------- */

int cordon_events_open(int folder, unsigned int classes, struct cordon_failure *failure,
		       struct cordon_events **ret_events)
{
	struct cordon_events *events = calloc(1, sizeof(*events));
	int error = 0;

	if (!events)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	for (int i = 0; i < CORDON_CLASS_COUNT && !error; i++) {
		if (classes & 1U << i)
			error = cordon_log_reader_open(folder, i, failure,
						       &events->stream[i].reader);
	}
	if (error) {
		cordon_events_close(events);
		return error;
	}
	*ret_events = events;
	return 0;
}

void cordon_events_close(struct cordon_events *events)
{
	if (!events)
		return;
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		cordon_log_reader_close(events->stream[i].reader);
	free(events);
}

static bool is_of_boot(const struct cordon_events *events, const struct stream *stream)
{
	return !memcmp(stream->boot_id, events->boot_id, sizeof(stream->boot_id));
}

/* The stream whose next record is the earliest of the boot that is told; NULL: it has no more. */
static struct stream *find_earliest(struct cordon_events *events)
{
	struct stream *best = NULL;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		struct stream *stream = &events->stream[i];

		if (stream->at == stream->nr || !is_of_boot(events, stream))
			continue;
		if (!best || stream->record[stream->at]->time < best->record[best->at]->time)
			best = stream;
	}
	return best;
}

static struct stream *begin_boot(struct cordon_events *events)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		struct stream *stream = &events->stream[i];

		if (stream->at == stream->nr)
			continue;
		memcpy(events->boot_id, stream->boot_id, sizeof(events->boot_id));
		return find_earliest(events);
	}
	return NULL;
}

int cordon_events_next(struct cordon_events *events, struct cordon_events_record *ret_record)
{
	struct stream *stream;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		if (events->stream[i].reader)
			fill(events, &events->stream[i]);
	}
	stream = find_earliest(events);
	if (!stream)
		stream = begin_boot(events);
	if (!stream)
		return 0;
	ret_record->event = stream->record[stream->at++];
	ret_record->class = (enum cordon_event_class)(stream - events->stream);
	ret_record->wall = (int64_t)(stream->zero + ret_record->event->time);
	ret_record->boot_id = stream->boot_id;
	return 1;
}

void cordon_events_again(struct cordon_events *events)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		if (events->stream[i].reader)
			cordon_log_reader_again(events->stream[i].reader);
	}
}

const struct cordon_events_faults *cordon_events_faults(const struct cordon_events *events)
{
	return &events->faults;
}
