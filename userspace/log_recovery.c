// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a chain of the log goes on; see log_recovery.h.
 */
#include "log_recovery.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "log_reader.h"
#include "log_segment.h"
#include "util/cleanup.h"

/* Blocks that may be missing at once, of those that were not on stable storage: beyond that the
 * number itself is a lie, and would keep us making keys. */
#define GAP_MAX (1U << 17)

DEFINE_CLEANUP(reader, struct cordon_log_reader *, cordon_log_reader_close)

/**
 * struct walk - along the end of a chain
 * @kept: number of the key that was kept: blocks before it were on stable storage
 * @next: number behind the last block that belongs there, once one was @seen
 */
struct walk {
	uint64_t kept;
	uint64_t next;
	bool seen;
	struct cordon_log_chain chain;
	struct cordon_log_recovery recovery;
};

/* Before the key that was kept there is nothing to ask; from it on its successors tell. */
static bool belongs(const struct walk *walk, const struct cordon_log_found *found)
{
	const uint64_t number = found->block->number;
	struct cordon_log_key key = walk->chain.key;
	bool by;

	if (walk->recovery.forged)
		return false;
	if (number < walk->kept)
		return true;
	if (number < key.number || number - key.number > GAP_MAX)
		return false;
	cordon_log_key_to(&key, number);
	by = cordon_log_seal_is_by(found->seal, &key);
	explicit_bzero(&key, sizeof(key));
	return by;
}

static void add_gap(struct cordon_log_recovery *recovery, uint64_t first, uint64_t end)
{
	struct cordon_log_gap *gap;

	if (first >= end)
		return;
	if (recovery->gaps == CORDON_LOG_GAPS_MAX) {
		gap = &recovery->gap[CORDON_LOG_GAPS_MAX - 1];
		gap->count = end - gap->first;
		return;
	}
	recovery->gap[recovery->gaps++] = (struct cordon_log_gap){ first, end - first };
}

/* What was found before the chain last went on it tells itself. */
static void take_told(struct cordon_log_recovery *recovery,
		      const struct cordon_event_recovery *told)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < recovery->gaps; i++) {
		const struct cordon_log_gap gap = recovery->gap[i];

		if (gap.first + told->missing < told->next || gap.first + gap.count > told->next)
			recovery->gap[kept++] = gap;
	}
	recovery->gaps = kept;
	if (recovery->torn <= told->torn)
		recovery->torn = 0;
	if (recovery->forged <= told->forged)
		recovery->forged = 0;
	if (recovery->unreadable <= told->unreadable)
		recovery->unreadable = 0;
}

/* What was in doubt until then the chain tells itself, in a segment of its own. */
static void take_doubt(struct cordon_log_recovery *recovery, const struct cordon_event_doubt *told)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < recovery->gaps; i++) {
		const struct cordon_log_gap gap = recovery->gap[i];

		if (gap.first < told->first || gap.first + gap.count > told->next)
			recovery->gap[kept++] = gap;
	}
	recovery->gaps = kept;
	recovery->torn = 0;
}

static void take_records(struct cordon_log_recovery *recovery, const struct cordon_log_block *block)
{
	const struct cordon_event *record;
	size_t at = 0;

	while ((record = cordon_event_next(block + 1, block->size, &at))) {
		if (record->type == CORDON_EVENT_RECOVERY &&
		    record->size == sizeof(struct cordon_event_recovery))
			take_told(recovery, (const void *)record);
		if (record->type == CORDON_EVENT_DOUBT &&
		    record->size == sizeof(struct cordon_event_doubt))
			take_doubt(recovery, (const void *)record);
	}
}

static void follow(struct walk *walk, const struct cordon_log_found *found)
{
	const struct cordon_log_block *block = found->block;

	if (block->number >= walk->kept)
		add_gap(&walk->recovery, walk->seen ? walk->next : walk->kept, block->number);
	take_records(&walk->recovery, block);
	walk->seen = true;
	walk->next = block->number + 1;
	cordon_log_key_to(&walk->chain.key, walk->next);
	walk->chain.records = block->first + block->records;
	memcpy(walk->chain.former, found->seal->digest, sizeof(walk->chain.former));
}

/* Behind the first block that does not belong there none counts. */
static void note(struct walk *walk, const struct cordon_log_found *found)
{
	if (found->fault)
		walk->recovery.torn += found->size;
	else if (belongs(walk, found))
		follow(walk, found);
	else
		walk->recovery.forged++;
}

static int go_along(struct walk *walk, struct cordon_log_reader *reader,
		    struct cordon_failure *failure)
{
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_log_found found;
	int result;

	while ((result = cordon_log_reader_next(reader, &unsaid, &found)) != 0) {
		if (result == -ENOMEM)
			return cordon_fail(failure, result, "out of memory");
		if (result < 0)
			walk->recovery.unreadable++;
		else
			note(walk, &found);
	}
	add_gap(&walk->recovery, walk->next, walk->chain.key.number);
	return 0;
}

/* Does a segment begin before the block @number? With none that can be read in it, it does not. */
static bool begins_before(int folder, enum cordon_event_class class, uint32_t segment,
			  uint64_t number)
{
	struct cordon_log_reader *reader CLEANUP(reader) = NULL;
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_log_found found;

	if (cordon_log_reader_open(folder, class, &unsaid, &reader))
		return true;
	cordon_log_reader_skip_to(reader, segment);
	while (cordon_log_reader_next(reader, &unsaid, &found) == 1 && found.segment == segment) {
		if (!found.fault)
			return found.block->number < number;
	}
	return false;
}

/* Where to begin: at the last segment that holds a block from before the kept key, if there is one.
 */
static int find_range(int folder, enum cordon_event_class class, uint64_t number,
		      struct cordon_log_range *ret_range)
{
	struct cordon_log_segments segments;
	const int error = cordon_log_segments_list(folder, class, &segments);
	size_t from;

	if (error)
		return error;
	*ret_range = (struct cordon_log_range){ 0, 0 };
	from = segments.nr;
	while (from && !begins_before(folder, class, segments.segment[from - 1].number, number))
		from--;
	if (from)
		ret_range->begin = segments.segment[from - 1].number;
	if (segments.nr)
		ret_range->end = segments.segment[segments.nr - 1].number + 1;
	free(segments.segment);
	return 0;
}

int cordon_log_recover(int folder, enum cordon_event_class class, const struct cordon_log_key *kept,
		       struct cordon_failure *failure, struct cordon_log_recovery *ret_recovery,
		       struct cordon_log_chain *ret_chain, struct cordon_log_range *ret_range)
{
	struct cordon_log_reader *reader CLEANUP(reader) = NULL;
	struct walk walk = { .kept = kept->number, .chain.key = *kept };
	struct cordon_log_range range;
	int error;

	error = find_range(folder, class, kept->number, &range);
	if (error)
		return cordon_fail(failure, error, "cannot list the log: %s", strerror(-error));
	error = cordon_log_reader_open(folder, class, failure, &reader);
	if (error)
		return error;
	cordon_log_reader_skip_to(reader, range.begin);
	error = go_along(&walk, reader, failure);
	if (!error) {
		*ret_recovery = walk.recovery;
		*ret_chain = walk.chain;
		*ret_range = range;
	}
	explicit_bzero(&walk, sizeof(walk));
	return error;
}
