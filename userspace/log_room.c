// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Room for the log; see log_room.h.
 */
#include "log_room.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "log_block.h"
#include "log_reader.h"
#include "log_segment.h"
#include "util/array.h"
#include "util/cleanup.h"

DEFINE_CLEANUP(reader, struct cordon_log_reader *, cordon_log_reader_close)

/* Percent of the log that are a class's own. */
static const uint8_t shares[CORDON_CLASS_COUNT] = {
	[CORDON_CLASS_OWN] = 5,	  [CORDON_CLASS_ENFORCEMENT] = 10, [CORDON_CLASS_TAMPER] = 10,
	[CORDON_CLASS_AUTH] = 15, [CORDON_CLASS_DENIAL] = 10,	   [CORDON_CLASS_CONFIG] = 10,
	[CORDON_CLASS_FLOW] = 15, [CORDON_CLASS_PROCESS] = 25,
};

struct look {
	int folder;
	struct cordon_log_room *room;
	struct cordon_log_segments segments[CORDON_CLASS_COUNT]; /* that are closed */
	size_t oldest[CORDON_CLASS_COUNT];			 /* that is left */
	uint64_t used[CORDON_CLASS_COUNT];			 /* by what is left */
};

uint64_t cordon_log_room_share(enum cordon_event_class class, uint64_t limit)
{
	return limit / 100 * shares[class];
}

static uint64_t sum(const uint64_t used[CORDON_CLASS_COUNT])
{
	uint64_t bytes = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		bytes += used[i];
	return bytes;
}

/* ---- what gives way ------------------------------------------------------------------------ */

/* Return: the class that does, -1: none has a segment that may be deleted. */
static int find_victim(const struct look *look)
{
	int any = -1;

	for (int i = CORDON_CLASS_COUNT - 1; i >= 0; i--) {
		if (look->oldest[i] == look->segments[i].nr)
			continue;
		if (look->used[i] > cordon_log_room_share(i, look->room->limit))
			return i;
		if (any < 0)
			any = i;
	}
	return any;
}

static void read_range(int folder, int class, uint32_t segment,
		       struct cordon_event_deletion *deletion)
{
	struct cordon_log_reader *reader CLEANUP(reader) = NULL;
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_log_found found;

	if (cordon_log_reader_open(folder, class, &unsaid, &reader))
		return;
	cordon_log_reader_skip_to(reader, segment);
	while (cordon_log_reader_next(reader, &unsaid, &found) == 1 && found.segment == segment) {
		if (found.fault)
			continue;
		if (deletion->first == deletion->next)
			deletion->first = found.block->number;
		deletion->next = found.block->number + 1;
	}
}

static int give_way(struct look *look, int class)
{
	const struct cordon_log_segment *segment =
		&look->segments[class].segment[look->oldest[class]];
	struct cordon_event_deletion *deletion = array_push(look->room->deletion, look->room->nr);

	if (!deletion)
		return -ENOMEM;
	*deletion = (struct cordon_event_deletion){
		.event = { .size = sizeof(*deletion), .type = CORDON_EVENT_DELETION },
		.class = (uint32_t) class,
		.segment = segment->number,
		.used = sum(look->used) + look->room->reserve,
		.limit = look->room->limit,
	};
	read_range(look->folder, class, segment->number, deletion);
	look->used[class] -= segment->size;
	look->oldest[class]++;
	return 0;
}

static int find_victims(struct look *look)
{
	int error = 0;

	while (!error && sum(look->used) + look->room->reserve > look->room->limit) {
		const int victim = find_victim(look);

		if (victim < 0)
			return 0;
		error = give_way(look, victim);
	}
	return error;
}

/* ---- what was told -------------------------------------------------------------------------- */

static bool was_told(const struct cordon_log_room *room, uint32_t class, uint32_t segment)
{
	for (size_t i = 0; i < room->nr; i++) {
		if (room->deletion[i].class == class && room->deletion[i].segment == segment)
			return true;
	}
	return false;
}

/* What cannot be deleted stays, and does not keep what comes behind it. */
static void delete_told(struct look *look, int class)
{
	struct cordon_log_segments *segments = &look->segments[class];
	size_t kept = 0;

	for (size_t i = 0; i < segments->nr; i++) {
		const struct cordon_log_segment *segment = &segments->segment[i];
		const bool told = was_told(look->room, (uint32_t) class, segment->number);

		if (told && !cordon_log_segment_delete(look->folder, class, segment))
			continue;
		segments->segment[kept++] = *segment;
		if (told)
			look->oldest[class] = kept;
	}
	segments->nr = kept;
}

/* ---- the look ------------------------------------------------------------------------------- */

static struct cordon_log_segment *find_plain(struct look *look, int *ret_class)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		const struct cordon_log_segments *segments = &look->segments[i];

		for (size_t j = 0; j < segments->nr; j++) {
			if (segments->segment[j].compressed)
				continue;
			*ret_class = i;
			return &segments->segment[j];
		}
	}
	return NULL;
}

/* One that cannot be compressed is as good as it is. */
static void compress_one(struct look *look)
{
	struct cordon_log_segment *segment;
	int class;

	segment = find_plain(look, &class);
	if (segment && look->room->compresses &&
	    !cordon_log_segment_compress(look->folder, class, segment))
		segment = find_plain(look, &class);
	look->room->more = segment;
}

static int list_closed(struct look *look, int class)
{
	struct cordon_log_segments *segments = &look->segments[class];
	const int error = cordon_log_segments_list(look->folder, class, segments);

	while (!error && segments->nr &&
	       segments->segment[segments->nr - 1].number >= look->room->current[class])
		segments->nr--;
	if (!error)
		delete_told(look, class);
	return error;
}

static void measure(struct look *look)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		const struct cordon_log_segments *segments = &look->segments[i];

		for (size_t j = 0; j < segments->nr; j++)
			look->used[i] += segments->segment[j].size;
	}
	memcpy(look->room->used, look->used, sizeof(look->used));
}

static int work(struct look *look)
{
	int error = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT && !error; i++)
		error = list_closed(look, i);
	free(look->room->deletion);
	look->room->deletion = NULL;
	look->room->nr = 0;
	if (error)
		return error;
	compress_one(look);
	measure(look);
	return find_victims(look);
}

int cordon_log_room_look(int folder, struct cordon_log_room *room)
{
	struct look look = { .folder = folder, .room = room };
	const int error = work(&look);

	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		free(look.segments[i].segment);
	return error;
}
