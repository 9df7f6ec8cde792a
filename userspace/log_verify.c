// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is a log what the node wrote?  See log_verify.h.
 *
 * What is missing or torn waits until a record tells of it, in an authentic
 * block behind it; what nobody told of by the end of its chain is a breach.
 */
#include "log_verify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "log_block.h"
#include "log_key.h"
#include "log_keys.h"
#include "log_reader.h"
#include "util/array.h"
#include "util/cleanup.h"

DEFINE_CLEANUP(reader, struct cordon_log_reader *, cordon_log_reader_close)

/* Blocks that are there beyond those that keys and checkpoints know of, and blocks of a chain at
 * all: a number beyond that is a lie, and would keep us making keys for hours. */
#define UNKNOWN_MAX (1U << 17)
#define NUMBER_MAX (1ULL << 32)

/* The chain in which checkpoints stand is brought to stable storage at once, block by block: power
 * that fails takes no more of it. */
#define OWN_MISSED_MAX 64

/* A key that is wanted is made from one that is no further away. */
#define KEY_STEP 1024

/* struct points - how many blocks a chain had on stable storage, by checkpoint, in their order */
struct points {
	uint64_t *blocks;
	size_t nr;
};

struct verify {
	int folder;
	const uint8_t *secret;
	cordon_log_finding_taker taker;
	void *state;
	struct cordon_log_sum sum;
	struct points points[CORDON_CLASS_COUNT];
};

/* struct waiting - @due: number of the block that should be there, of bytes */
struct waiting {
	struct cordon_log_finding finding;
	uint64_t due;
};

/**
 * struct walk - along one chain
 * @key: of the block that is due
 * @limit: no block has a number beyond it
 * @step: keys of every KEY_STEP-th block, as far as they were wanted
 * @edited: blocks since the last sound one whose bytes were changed
 * @deleted: number behind the blocks that were, by records: the oldest
 * @missed: how many power or the disk took, by records
 * @waiting: findings that a record may yet explain
 */
struct walk {
	struct verify *verify;
	enum cordon_event_class class;
	struct cordon_log_key key;
	uint64_t limit;
	struct cordon_log_key *step;
	size_t steps;
	uint64_t edited;
	uint64_t deleted;
	uint64_t missed;
	struct waiting *waiting;
	size_t nr_waiting;
	bool failed; /* no memory for one of them */
};

static const struct {
	const char *name;
	bool breach;
} kinds[] = {
#define FINDING(name, breach, text) [CORDON_LOG_FINDING_##name] = { text, breach },
	CORDON_LOG_FINDINGS(FINDING)
#undef FINDING
};

const char *cordon_log_finding_name(enum cordon_log_finding_kind kind)
{
	return kind < ARRAY_SIZE(kinds) ? kinds[kind].name : "?";
}

bool cordon_log_finding_is_breach(enum cordon_log_finding_kind kind)
{
	return kind >= ARRAY_SIZE(kinds) || kinds[kind].breach;
}

static void report(struct verify *verify, const struct cordon_log_finding *finding)
{
	verify->sum.breaches += cordon_log_finding_is_breach(finding->kind);
	if (finding->kind == CORDON_LOG_FINDING_DELETED)
		verify->sum.class[finding->class].deleted += finding->count;
	if (finding->kind == CORDON_LOG_FINDING_MISSED)
		verify->sum.class[finding->class].missed += finding->count;
	verify->taker(verify->state, finding);
}

static void tell(struct walk *walk, enum cordon_log_finding_kind kind, uint32_t segment,
		 uint64_t first, uint64_t count)
{
	report(walk->verify,
	       &(struct cordon_log_finding){ kind, walk->class, segment, first, count });
}

static void wait_for(struct walk *walk, enum cordon_log_finding_kind kind, uint32_t segment,
		     uint64_t first, uint64_t count)
{
	struct waiting *more = array_push(walk->waiting, walk->nr_waiting);

	if (!more) {
		walk->failed = true;
		return;
	}
	more->finding = (struct cordon_log_finding){ kind, walk->class, segment, first, count };
	more->due = walk->key.number + walk->edited;
}

static void settle(struct walk *walk, size_t index)
{
	memmove(&walk->waiting[index], &walk->waiting[index + 1],
		(--walk->nr_waiting - index) * sizeof(*walk->waiting));
}

/* ---- checkpoints --------------------------------------------------------------------------- */

/* A chain grows: one that tells of less than an earlier one tells nothing. */
static void add_point(struct walk *walk, enum cordon_event_class class, uint64_t blocks)
{
	struct points *points = &walk->verify->points[class];
	uint64_t *more;

	if (points->nr && points->blocks[points->nr - 1] >= blocks)
		return;
	more = array_push(points->blocks, points->nr);
	if (more)
		*more = blocks;
	else
		walk->failed = true;
}

/* The last one that was told before a chain had more than so many blocks. */
static uint64_t find_point(const struct verify *verify, enum cordon_event_class class,
			   uint64_t blocks)
{
	const struct points *points = &verify->points[class];
	size_t low = 0, high = points->nr;

	while (low < high) {
		const size_t middle = (low + high) / 2;

		if (points->blocks[middle] <= blocks)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? points->blocks[low - 1] : 0;
}

static uint64_t last_point(const struct verify *verify, enum cordon_event_class class)
{
	return find_point(verify, class, UINT64_MAX);
}

/* ---- what records explain ----------------------------------------------------------------- */

static bool may_be_missed(struct walk *walk, enum cordon_log_finding_kind kind, uint64_t blocks)
{
	if (kind != CORDON_LOG_FINDING_MISSED)
		return true;
	walk->missed += blocks;
	return walk->class != CORDON_CLASS_OWN || walk->missed <= OWN_MISSED_MAX;
}

/* Of a gap the part from @first to before @end is of @kind; what comes before it stays. */
static void explain_gap(struct walk *walk, size_t index, uint64_t first, uint64_t end,
			enum cordon_log_finding_kind kind)
{
	const struct waiting waiting = walk->waiting[index];
	const struct cordon_log_finding *gap = &waiting.finding;
	const uint64_t gap_end = gap->first + gap->count;

	first = first > gap->first ? first : gap->first;
	end = end < gap_end ? end : gap_end;
	if (first >= end || !may_be_missed(walk, kind, end - first))
		return;
	settle(walk, index);
	if (gap->first < first)
		wait_for(walk, gap->kind, gap->segment, gap->first, first - gap->first);
	tell(walk, kind, gap->segment, first, end - first);
	if (end < gap_end)
		wait_for(walk, gap->kind, gap->segment, end, gap_end - end);
}

static void explain_blocks(struct walk *walk, uint64_t first, uint64_t end,
			   enum cordon_log_finding_kind kind)
{
	for (size_t i = walk->nr_waiting; i-- > 0;) {
		if (walk->waiting[i].finding.kind == CORDON_LOG_FINDING_REMOVED)
			explain_gap(walk, i, first, end, kind);
	}
}

static bool may_be_torn(enum cordon_log_finding_kind kind)
{
	return kind == CORDON_LOG_FINDING_EDITED || kind == CORDON_LOG_FINDING_STRANGE;
}

/* Only as many bytes as the node itself found when it went on, and none where a block should be
 * that had been on stable storage. */
static void explain_bytes(struct walk *walk, const struct cordon_event_recovery *recovery,
			  uint64_t stable)
{
	uint64_t torn = recovery->torn;

	for (size_t i = walk->nr_waiting; i-- > 0;) {
		const struct waiting waiting = walk->waiting[i];
		const struct cordon_log_finding *found = &waiting.finding;

		if (!may_be_torn(found->kind) || found->count > torn || waiting.due < stable)
			continue;
		torn -= found->count;
		tell(walk, CORDON_LOG_FINDING_TORN, found->segment, found->first, found->count);
		settle(walk, i);
	}
}

/*
 * Number up to which a chain had been on stable storage when a record told that it went on at @next:
 * whoever was root since could tell so of anything, but the checkpoints of before are not his.
 */
static uint64_t find_stable(const struct walk *walk, uint64_t told, uint64_t next)
{
	const uint64_t point = find_point(walk->verify, walk->class, next);

	return point > told ? point : told;
}

static void take_recovery(struct walk *walk, const struct cordon_event_recovery *recovery)
{
	const uint64_t missing = recovery->missing < recovery->next ? recovery->missing :
								      recovery->next;
	const uint64_t first = recovery->next - missing;
	const uint64_t stable = find_stable(walk, recovery->kept, recovery->next);

	explain_bytes(walk, recovery, stable);
	explain_blocks(walk, first > stable ? first : stable, recovery->next,
		       CORDON_LOG_FINDING_MISSED);
}

/* However much of it is damaged, and whether any is. */
static void take_doubt(struct walk *walk, const struct cordon_event_doubt *doubt, uint32_t segment)
{
	const uint64_t first = find_stable(walk, doubt->first, doubt->next);

	for (size_t i = walk->nr_waiting; i-- > 0;) {
		const struct waiting waiting = walk->waiting[i];
		const struct cordon_log_finding *found = &waiting.finding;

		if (!may_be_torn(found->kind) || waiting.due < first || waiting.due > doubt->next)
			continue;
		tell(walk, CORDON_LOG_FINDING_TORN, found->segment, found->first, found->count);
		settle(walk, i);
	}
	explain_blocks(walk, first, doubt->next, CORDON_LOG_FINDING_MISSED);
	tell(walk, CORDON_LOG_FINDING_DOUBTED, segment, doubt->first, doubt->next - doubt->first);
}

/* The oldest go first: there is no gap but that with which the chain begins. */
static void take_deletion(struct walk *walk, const struct cordon_event_deletion *deletion)
{
	for (size_t i = 0; i < walk->nr_waiting; i++) {
		const struct cordon_log_finding gap = walk->waiting[i].finding;
		const uint64_t end = gap.first + gap.count;

		if (gap.kind != CORDON_LOG_FINDING_REMOVED || gap.first != walk->deleted ||
		    deletion->next <= gap.first)
			continue;
		walk->deleted = deletion->next < end ? deletion->next : end;
		explain_gap(walk, i, gap.first, walk->deleted, CORDON_LOG_FINDING_DELETED);
		return;
	}
}

static void take_checkpoint(struct walk *walk, const struct cordon_event_checkpoint *checkpoint)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		add_point(walk, i, checkpoint->chain[i].blocks);
}

/* Those that do not concern the log itself are taken as they are. */
static void take_record(struct walk *walk, const struct cordon_event *record, uint32_t segment)
{
	const void *whole = record;

	if (record->type == CORDON_EVENT_LOSS && record->size == sizeof(struct cordon_event_loss)) {
		const struct cordon_event_loss *loss = whole;

		tell(walk, CORDON_LOG_FINDING_LOST, segment, loss->first, loss->records);
	} else if (record->type == CORDON_EVENT_RECOVERY &&
		   record->size == sizeof(struct cordon_event_recovery)) {
		take_recovery(walk, whole);
	} else if (record->type == CORDON_EVENT_DOUBT &&
		   record->size == sizeof(struct cordon_event_doubt)) {
		take_doubt(walk, whole, segment);
	} else if (record->type == CORDON_EVENT_DELETION &&
		   record->size == sizeof(struct cordon_event_deletion)) {
		take_deletion(walk, whole);
	} else if (record->type == CORDON_EVENT_CHECKPOINT && walk->class == CORDON_CLASS_OWN &&
		   record->size == sizeof(struct cordon_event_checkpoint)) {
		take_checkpoint(walk, whole);
	}
}

static bool take_records(struct walk *walk, const struct cordon_log_found *found)
{
	const struct cordon_log_block *block = found->block;
	const struct cordon_event *record;
	uint32_t records = 0;
	size_t at = 0;

	for (; (record = cordon_event_next(block + 1, block->size, &at)); records++)
		take_record(walk, record, found->segment);
	return at == block->size && records == block->records;
}

/* ---- blocks ------------------------------------------------------------------------------- */

/* A block whose bytes were changed is not missing, too. */
static void miss(struct walk *walk, const struct cordon_log_found *found)
{
	const uint64_t first = walk->key.number + walk->edited;

	if (found->block->number > first)
		wait_for(walk, CORDON_LOG_FINDING_REMOVED, found->segment, first,
			 found->block->number - first);
	walk->edited = 0;
}

static bool make_step(struct walk *walk)
{
	struct cordon_log_key *key = array_push(walk->step, walk->steps);

	if (!key) {
		walk->failed = true;
		return false;
	}
	if (walk->steps == 1) {
		cordon_log_key_first(walk->verify->secret, walk->class, key);
		return true;
	}
	*key = key[-1];
	cordon_log_key_to(key, key->number + KEY_STEP);
	return true;
}

/* Return: false: no block has that number */
static bool find_key(struct walk *walk, uint64_t number, struct cordon_log_key *ret_key)
{
	if (number > walk->limit)
		return false;
	if (number >= walk->key.number && number - walk->key.number <= KEY_STEP) {
		*ret_key = walk->key;
	} else {
		while (walk->steps <= number / KEY_STEP) {
			if (!make_step(walk))
				return false;
		}
		*ret_key = walk->step[number / KEY_STEP];
	}
	cordon_log_key_to(ret_key, number);
	return true;
}

static void take_block(struct walk *walk, const struct cordon_log_found *found)
{
	const uint64_t number = found->block->number;
	struct cordon_log_key key;

	if (number < walk->key.number) {
		tell(walk, CORDON_LOG_FINDING_REORDERED, found->segment, number, 1);
		return;
	}
	if (!find_key(walk, number, &key) || !cordon_log_seal_is_by(found->seal, &key)) {
		tell(walk, CORDON_LOG_FINDING_FORGED, found->segment, number, 1);
		return;
	}
	miss(walk, found);
	walk->key = key;
	cordon_log_key_next(&walk->key);
	walk->verify->sum.class[walk->class].blocks++;
	walk->verify->sum.class[walk->class].records += found->block->records;
	if (!take_records(walk, found))
		tell(walk, CORDON_LOG_FINDING_MALFORMED, found->segment, number, 1);
}

static void take_found(struct walk *walk, const struct cordon_log_found *found)
{
	if (found->fault == CORDON_LOG_WHOLE) {
		take_block(walk, found);
		return;
	}
	walk->edited += found->fault == CORDON_LOG_DAMAGED;
	wait_for(walk,
		 found->fault == CORDON_LOG_DAMAGED ? CORDON_LOG_FINDING_EDITED :
						      CORDON_LOG_FINDING_STRANGE,
		 found->segment, found->offset, found->size);
}

/* ---- ends --------------------------------------------------------------------------------- */

static bool is_kept_key(struct walk *walk, const struct cordon_log_keys *keys)
{
	struct cordon_log_key key;

	return find_key(walk, keys->chain[walk->class].number, &key) &&
	       !memcmp(key.secret, keys->chain[walk->class].secret, sizeof(key.secret));
}

/* The keys go on where the chain ends, or a little before: they are written last. */
static void look_at_end(struct walk *walk, const struct cordon_log_keys *keys)
{
	const uint64_t end = walk->key.number, told = last_point(walk->verify, walk->class);
	uint64_t kept = keys ? keys->chain[walk->class].number : 0;

	if (!keys || !is_kept_key(walk, keys)) {
		tell(walk, CORDON_LOG_FINDING_UNPROVED, 0, end, 0);
		kept = 0;
	}
	if (told > kept)
		kept = told;
	if (kept > end)
		tell(walk, CORDON_LOG_FINDING_CUT, 0, end, kept - end);
}

static void report_waiting(struct walk *walk)
{
	for (size_t i = 0; i < walk->nr_waiting; i++)
		report(walk->verify, &walk->waiting[i].finding);
}

static uint64_t find_limit(const struct verify *verify, enum cordon_event_class class,
			   const struct cordon_log_keys *keys)
{
	const uint64_t told = last_point(verify, class),
		       kept = keys ? keys->chain[class].number : 0;
	const uint64_t known = told > kept ? told : kept;

	return known < NUMBER_MAX ? known + UNKNOWN_MAX : NUMBER_MAX;
}

static int walk_along(struct walk *walk, struct cordon_log_reader *reader,
		      struct cordon_failure *failure)
{
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_log_found found = { .segment = 0 };
	int result;

	while ((result = cordon_log_reader_next(reader, &unsaid, &found)) != 0) {
		if (result == -ENOMEM || walk->failed)
			return cordon_fail(failure, -ENOMEM, "out of memory");
		if (result < 0)
			tell(walk, CORDON_LOG_FINDING_UNREADABLE, cordon_log_reader_segment(reader),
			     0, 0);
		else
			take_found(walk, &found);
	}
	return 0;
}

static int verify_class(struct verify *verify, enum cordon_event_class class,
			const struct cordon_log_keys *keys, struct cordon_failure *failure)
{
	struct cordon_log_reader *reader CLEANUP(reader) = NULL;
	struct walk walk = { .verify = verify,
			     .class = class,
			     .limit = find_limit(verify, class, keys) };
	int error;

	error = cordon_log_reader_open(verify->folder, class, failure, &reader);
	if (error)
		return error;
	cordon_log_key_first(verify->secret, class, &walk.key);
	error = walk_along(&walk, reader, failure);
	if (!error) {
		report_waiting(&walk);
		look_at_end(&walk, keys);
	}
	free(walk.waiting);
	free(walk.step);
	return error;
}

int cordon_log_verify(int folder, const uint8_t *secret, cordon_log_finding_taker taker,
		      void *state, struct cordon_failure *failure, struct cordon_log_sum *ret_sum)
{
	struct verify verify = {
		.folder = folder,
		.secret = secret,
		.taker = taker,
		.state = state,
	};
	struct cordon_log_keys keys;
	const bool kept = !cordon_log_keys_read(folder, &keys);
	int error = 0;

	/* Our own chain first: its checkpoints tell how long the others were. */
	for (int i = 0; i < CORDON_CLASS_COUNT && !error; i++)
		error = verify_class(&verify, i, kept ? &keys : NULL, failure);
	explicit_bzero(&keys, sizeof(keys));
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		free(verify.points[i].blocks);
	if (!error)
		*ret_sum = verify.sum;
	return error;
}
