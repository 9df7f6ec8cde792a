// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Room for the log; see log_room.h.
 */
#include "log_room.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "log_block.h"
#include "log_reader.h"
#include "log_segment.h"
#include "util/cleanup.h"

DEFINE_CLEANUP(reader, struct cordon_log_reader *, cordon_log_reader_close)

/* Percent of the log that are a class's own. */
static const uint8_t shares[CORDON_CLASS_COUNT] = {
	[CORDON_CLASS_OWN] = 5,	     [CORDON_CLASS_ENFORCEMENT] = 15, [CORDON_CLASS_TAMPER] = 10,
	[CORDON_CLASS_AUTH] = 15,    [CORDON_CLASS_CONFIG] = 10,      [CORDON_CLASS_FLOW] = 15,
	[CORDON_CLASS_PROCESS] = 30,
};

struct room {
	int folder;
	uint64_t limit;
	const uint32_t *current;
	struct cordon_log_segments segments[CORDON_CLASS_COUNT];
	size_t oldest[CORDON_CLASS_COUNT]; /* in segments, of those that are left */
	uint64_t used[CORDON_CLASS_COUNT];
};

static uint64_t sum(const struct room *room)
{
	uint64_t bytes = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		bytes += room->used[i];
	return bytes;
}

static struct cordon_log_segment *oldest_closed(const struct room *room, int class)
{
	const struct cordon_log_segments *segments = &room->segments[class];
	struct cordon_log_segment *segment;

	if (room->oldest[class] == segments->nr)
		return NULL;
	segment = &segments->segment[room->oldest[class]];
	return segment->number < room->current[class] ? segment : NULL;
}

static bool is_over_share(const struct room *room, int class)
{
	return room->used[class] > room->limit / 100 * shares[class];
}

/* Return: the class that gives way, -1: none has a segment that may be deleted. */
static int find_victim(const struct room *room)
{
	int any = -1;

	for (int class = CORDON_CLASS_COUNT - 1; class >= 0; class --) {
		if (!oldest_closed(room, class))
			continue;
		if (is_over_share(room, class))
			return class;
		if (any < 0)
			any = class;
	}
	return any;
}

/* Number of the block behind a segment; 0: nothing in it could be read. */
static uint64_t block_behind(const struct room *room, int class, uint32_t segment)
{
	struct cordon_log_reader *reader CLEANUP(reader) = NULL;
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_log_found found;
	uint64_t next = 0;

	if (cordon_log_reader_open(room->folder, class, &unsaid, &reader))
		return 0;
	cordon_log_reader_skip_to(reader, segment);
	while (cordon_log_reader_next(reader, &unsaid, &found) == 1 && found.segment == segment) {
		if (!found.fault)
			next = found.block->number + 1;
	}
	return next;
}

/* It is told before it is done: who is killed in between has not deleted in secret. */
static int delete_oldest(struct room *room, int class, cordon_log_room_teller teller, void *state)
{
	const struct cordon_log_segment *segment = oldest_closed(room, class);
	const uint64_t next = block_behind(room, class, segment->number);
	struct cordon_event_deletion deletion = {
		.event = { .size = sizeof(deletion), .type = CORDON_EVENT_DELETION },
		.class = class,
		.segment = segment->number,
		.used = sum(room),
		.limit = room->limit,
		.next = next,
	};
	int error;

	teller(state, &deletion);
	error = cordon_log_segment_delete(room->folder, class, segment);
	if (error)
		return error;
	room->used[class] -= segment->size;
	room->oldest[class]++;
	return 0;
}

static int delete_until_it_fits(struct room *room, cordon_log_room_teller teller, void *state)
{
	while (sum(room) > room->limit) {
		const int victim = find_victim(room);
		int error;

		if (victim < 0)
			return 0;
		error = delete_oldest(room, victim, teller, state);
		if (error)
			return error;
	}
	return 0;
}

static struct cordon_log_segment *find_plain(struct room *room, int class)
{
	const struct cordon_log_segments *segments = &room->segments[class];

	for (size_t i = 0; i < segments->nr; i++) {
		if (!segments->segment[i].compressed &&
		    segments->segment[i].number < room->current[class])
			return &segments->segment[i];
	}
	return NULL;
}

static int compress_one(struct room *room)
{
	struct cordon_log_segment *segment = NULL;
	uint64_t before;
	int class = -1, error;

	while (!segment && ++class < CORDON_CLASS_COUNT)
		segment = find_plain(room, class);
	if (!segment)
		return 0;
	before = segment->size;
	error = cordon_log_segment_compress(room->folder, class, segment);
	if (!error)
		room->used[class] -= before - segment->size;
	return error;
}

static int list_class(struct room *room, int class)
{
	struct cordon_log_segments *segments = &room->segments[class];
	const int error = cordon_log_segments_list(room->folder, class, segments);

	for (size_t i = 0; i < segments->nr && !error; i++)
		room->used[class] += segments->segment[i].size;
	return error;
}

static int list(struct room *room)
{
	int error = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT && !error; i++)
		error = list_class(room, i);
	return error;
}

int cordon_log_room_make(int folder, uint64_t limit, const uint32_t current[CORDON_CLASS_COUNT],
			 cordon_log_room_teller teller, void *state, uint64_t *ret_used)
{
	struct room room = { .folder = folder, .limit = limit, .current = current };
	int error, uncompressed;

	error = list(&room);
	if (!error) {
		uncompressed = compress_one(&room);
		error = delete_until_it_fits(&room, teller, state);
		*ret_used = sum(&room);
		if (!error)
			error = uncompressed;
	}
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		free(room.segments[i].segment);
	return error;
}
