// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The log; see log_store.h.
 */
#include "log_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "log_keys.h"
#include "log_room.h"
#include "log_sync.h"
#include "log_writer.h"
#include "sign.h"
#include "util/boot.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/hex.h"

#define SECOND 1000000000ULL
/* Who looks whether it is written, and who writes down what a command did, have it for a moment. */
#define LOCK_TRIES 20
#define LOCK_PAUSE_NS 10000000L
#define SYNC_NS (5 * SECOND)
#define SYNCS_A_SECOND 20
/* Of full segments, which are not held open for longer. */
#define FILES_MANY 4
#define SEGMENT_AGE_NS (86400 * SECOND)
#define ROOM_NS (10 * SECOND)
/* A second of compression is a second without stable storage: one segment, so often. */
#define COMPRESS_NS SECOND
/* A segment is a small part of the log: what is deleted at once is not much. */
#define SEGMENT_SHARE 64
#define SEGMENT_MAX (8UL << 20)

/* struct end - so far a chain came */
struct end {
	uint64_t blocks, records;
	uint8_t digest[CORDON_LOG_DIGEST_SIZE];
};

/**
 * struct chain
 * @given: what is being brought to stable storage
 * @stable: what is there
 * @doubt: what the disk failed to store; @doubt.next 0: there is none that is not told
 * @doubting: it is told, but not written
 */
struct chain {
	struct cordon_log_writer *writer;
	struct end given, stable;
	struct cordon_log_block *told; /* by userspace, with room for a whole block */
	struct cordon_event_loss lost[CORDON_LOG_LOSSES]; /* of that; not told yet */
	struct cordon_event_doubt doubt;
	bool doubting;
	bool unsynced;
	uint64_t closed; /* bytes of its segments at the last look for room */
	uint64_t grown;	 /* since then, with the segment that was written then */
	uint64_t behind; /* of these, in segments that were closed when the look began that is on */
};

struct cordon_log_store {
	int folder;
	uint64_t limit;
	struct cordon_log_keys keys;
	struct chain chain[CORDON_CLASS_COUNT];
	uint8_t boot_id[16];
	uint32_t sequence;
	struct cordon_log_sync *sync;
	uint64_t synced, looked, compressed, begun;
	bool room_due; /* there is more to be done, or something was told that gives way */
	struct cordon_event_deletion *deletion; /* told, and not done */
	size_t deletions;
	uint64_t failed; /* when a synchronisation did last, of @failures in a row */
	unsigned int failures;
	uint64_t second; /* in which @syncs were begun for what is important */
	unsigned int syncs;
	struct cordon_log_figures figures;
};

/* ---- space -------------------------------------------------------------------------------- */

static size_t segment_limit(uint64_t limit)
{
	const uint64_t size = limit / SEGMENT_SHARE;

	return size < SEGMENT_MAX ? size : SEGMENT_MAX;
}

static uint64_t used(const struct cordon_log_store *store)
{
	uint64_t bytes = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		bytes += store->chain[i].closed + store->chain[i].grown;
	return bytes;
}

/* When more comes than can be deleted.  What a class has as its own nobody takes from it. */
static bool is_full(const struct cordon_log_store *store, enum cordon_event_class class,
		    size_t size)
{
	const struct chain *chain = &store->chain[class];

	return used(store) + size > store->limit &&
	       chain->closed + chain->grown + size > cordon_log_room_share(class, store->limit);
}

/* ---- blocks ------------------------------------------------------------------------------- */

static int write_block(struct cordon_log_store *store, struct cordon_log_block *block)
{
	struct chain *chain = &store->chain[block->class];
	const size_t size = cordon_log_block_size(block);

	if (is_full(store, block->class, size)) {
		store->room_due = true;
		return -EDQUOT;
	}
	block->monotonic = cordon_clock_ns();
	block->wall = cordon_clock_wall();
	memcpy(block->boot_id, store->boot_id, sizeof(block->boot_id));
	store->figures.error = cordon_log_writer_add(chain->writer, block);
	if (store->figures.error)
		return store->figures.error;
	store->figures.records[block->class] += block->records;
	chain->grown += size;
	chain->unsynced = true;
	return 0;
}

static bool has_room(const struct cordon_log_block *block, size_t size)
{
	return block->size + size <= CORDON_LOG_BLOCK_MAX;
}

static void append(struct cordon_log_block *block, const struct cordon_event *record)
{
	memcpy((uint8_t *)(block + 1) + block->size, record, record->size);
	block->size += record->size;
	block->records++;
}

static void write_told(struct cordon_log_store *store, struct chain *chain)
{
	if (!chain->told->records || write_block(store, chain->told))
		return;
	chain->told->size = 0;
	chain->told->records = 0;
}

/* What was told before it comes before it: a cgroup's name, say, before who is in it. */
int cordon_log_store_write(struct cordon_log_store *store, struct cordon_log_block *block)
{
	write_told(store, &store->chain[block->class]);
	return write_block(store, block);
}

/* What was lost is told as soon as there is room, in its place: before what comes after it. */
static void tell_lost(struct cordon_log_store *store, struct chain *chain)
{
	for (int why = 0; why < CORDON_LOG_LOSSES; why++) {
		struct cordon_event_loss *lost = &chain->lost[why];

		if (!lost->records || !has_room(chain->told, sizeof(*lost)))
			continue;
		lost->event.time = cordon_clock_ns();
		append(chain->told, &lost->event);
		store->figures.lost[lost->class] += lost->records;
		lost->records = 0;
	}
}

static void count_lost(struct cordon_event_loss *lost, uint32_t first, uint64_t records)
{
	if (records && !lost->records)
		lost->first = first;
	lost->records += records;
}

static void tell_in(struct cordon_log_store *store, enum cordon_event_class class,
		    struct cordon_event *record)
{
	struct chain *chain = &store->chain[class];

	record->cpu = CORDON_EVENT_NO_CPU;
	record->sequence = store->sequence++;
	record->time = cordon_clock_ns();
	if (!has_room(chain->told, record->size))
		write_told(store, chain);
	tell_lost(store, chain);
	if (has_room(chain->told, record->size)) {
		append(chain->told, record);
		return;
	}
	count_lost(&chain->lost[CORDON_LOG_LOSS_UNWRITTEN], record->sequence, 1);
}

void cordon_log_store_lost(struct cordon_log_store *store, enum cordon_event_class class,
			   enum cordon_log_loss why, uint64_t records)
{
	count_lost(&store->chain[class].lost[why], store->sequence, records);
	store->sequence += (uint32_t)records;
}

void cordon_log_store_tell(struct cordon_log_store *store, struct cordon_event *record)
{
	tell_in(store, CORDON_EVENT_CLASS(record->type), record);
}

/* Of what is on stable storage: power that fails must not make it a lie. */
void cordon_log_store_checkpoint(struct cordon_log_store *store, const uint8_t *policy,
				 uint32_t latch)
{
	struct cordon_event_checkpoint checkpoint = {
		.event = { .size = sizeof(checkpoint), .type = CORDON_EVENT_CHECKPOINT },
		.latch = latch,
		.used = used(store),
		.limit = store->limit,
	};

	memcpy(checkpoint.boot_id, store->boot_id, sizeof(checkpoint.boot_id));
	memcpy(checkpoint.policy, policy, sizeof(checkpoint.policy));
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		const struct end *end = &store->chain[i].stable;

		checkpoint.chain[i].blocks = end->blocks;
		checkpoint.chain[i].records = end->records;
		checkpoint.chain[i].lost = store->figures.lost[i];
		memcpy(checkpoint.chain[i].digest, end->digest, sizeof(end->digest));
	}
	cordon_log_store_tell(store, &checkpoint.event);
}

/* ---- stable storage ----------------------------------------------------------------------- */

/* A block that was not written yet somebody else wrote. */
static void tell_deletion(struct cordon_log_store *store, struct cordon_event_deletion *deletion)
{
	const struct cordon_log_writer *writer = store->chain[deletion->class].writer;

	if (deletion->next > cordon_log_writer_chain(writer)->key.number)
		deletion->first = deletion->next = 0;
	tell_in(store, deletion->class, &deletion->event);
}

/* It is told before it is done, so it is written now: the next job may be begun at once.  On a disk
 * without room it waits in memory: the deletion may be what makes some. */
static void take_room(struct cordon_log_store *store, struct cordon_log_job *job)
{
	for (int i = 0; i < CORDON_CLASS_COUNT && !job->room_error; i++) {
		store->chain[i].closed = job->room.used[i];
		store->chain[i].grown -= store->chain[i].behind;
	}
	for (size_t i = 0; i < job->room.nr; i++)
		tell_deletion(store, &job->room.deletion[i]);
	for (int i = 0; i < CORDON_CLASS_COUNT && job->room.nr; i++)
		write_told(store, &store->chain[i]);
	store->deletion = TAKE(job->room.deletion);
	store->deletions = job->room.nr;
	store->room_due = job->room.more || job->room.nr;
}

/*
 * The kernel takes what it could not write for written, and the next synchronisation of the same
 * file says that all is well.  So what the kept key does not know of is in doubt; the chain goes on
 * in another file, and no key is kept that comes behind before this is told there.
 */
static void doubt(struct cordon_log_store *store, enum cordon_event_class class, int error)
{
	struct chain *chain = &store->chain[class];
	const uint64_t first = store->keys.chain[class].number;
	const uint64_t next = cordon_log_writer_chain(chain->writer)->key.number;

	cordon_log_writer_leave(chain->writer);
	chain->unsynced = true;
	if (next == first)
		return;
	chain->doubt = (struct cordon_event_doubt){
		.event = { .size = sizeof(chain->doubt), .type = CORDON_EVENT_DOUBT },
		.class = class,
		.error = (uint32_t)-error,
		.first = first,
		.next = next,
	};
}

static void doubt_given(struct cordon_log_store *store, const struct cordon_log_job *job)
{
	store->failed = cordon_clock_ns();
	store->failures++;
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		if (job->keys.chain[i].number != store->keys.chain[i].number)
			doubt(store, i, job->error);
	}
}

/* Return: nothing is in doubt that the chain does not tell */
static bool tell_doubt(struct cordon_log_store *store, enum cordon_event_class class)
{
	struct chain *chain = &store->chain[class];
	const int error = cordon_log_writer_failure(chain->writer);

	if (error)
		doubt(store, class, error);
	if (chain->doubt.next) {
		write_told(store, chain);
		if (!has_room(chain->told, sizeof(chain->doubt) + sizeof(chain->lost)))
			return false;
		tell_in(store, class, &chain->doubt.event);
		chain->doubt.next = 0;
		chain->doubting = true;
	}
	if (chain->doubting) {
		write_told(store, chain);
		chain->doubting = chain->told->records;
	}
	return !chain->doubting;
}

static void take_end(struct cordon_log_store *store, bool wait)
{
	struct cordon_log_job job;

	if (!cordon_log_sync_end(store->sync, wait, &job))
		return;
	if (job.error)
		store->figures.error = job.error;
	if (job.failed)
		doubt_given(store, &job);
	if (!job.error) {
		store->keys = job.keys;
		store->failures = 0;
	}
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		struct chain *chain = &store->chain[i];

		chain->unsynced |= job.error != 0;
		if (job.error)
			chain->given = chain->stable;
		else
			chain->stable = chain->given;
	}
	if (job.makes_room)
		take_room(store, &job);
	cordon_log_job_clear(&job);
}

static struct end end_of(const struct cordon_log_writer *writer)
{
	const struct cordon_log_chain *chain = cordon_log_writer_chain(writer);
	struct end end = { chain->key.number, chain->records, { 0 } };

	memcpy(end.digest, chain->former, sizeof(end.digest));
	return end;
}

/* Those of a chain that cannot be given now come with the next. */
static bool give_files(struct cordon_log_store *store, struct cordon_log_job *job)
{
	bool any = false;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		struct chain *chain = &store->chain[i];

		if (!chain->unsynced || !tell_doubt(store, i) ||
		    cordon_log_writer_give(chain->writer, &job->files))
			continue;
		job->keys.chain[i] = cordon_log_writer_chain(chain->writer)->key;
		chain->given = end_of(chain->writer);
		chain->unsynced = false;
		any = true;
	}
	return any;
}

static void ask_for_room(struct cordon_log_store *store, struct cordon_log_job *job)
{
	const uint64_t now = cordon_clock_ns();

	job->makes_room = true;
	job->room.compresses = now - store->compressed > COMPRESS_NS;
	store->compressed = job->room.compresses ? now : store->compressed;
	job->room.limit = store->limit;
	job->room.reserve = FILES_MANY * segment_limit(store->limit);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		struct chain *chain = &store->chain[i];
		const size_t open = cordon_log_writer_size(chain->writer);

		job->room.current[i] = cordon_log_writer_segment(chain->writer);
		job->room.reserve += open;
		chain->behind = chain->grown - open;
	}
	job->room.deletion = TAKE(store->deletion);
	job->room.nr = store->deletions;
	store->deletions = 0;
	store->room_due = false;
	store->looked = now;
}

/* A disk that fails has a segment of each chain, with little in it, each time that it is tried. */
static bool is_waiting(const struct cordon_log_store *store)
{
	const unsigned int times = store->failures > 7 ? 6 : store->failures - 1;

	return store->failures && cordon_clock_ns() - store->failed < SYNC_NS << times;
}

/* What is at work already is not waited for. */
static void begin_job(struct cordon_log_store *store, bool makes_room)
{
	struct cordon_log_job job = { .makes_room = false };
	bool any;

	take_end(store, false);
	if (cordon_log_sync_is_busy(store->sync))
		return;
	/* Not before: what just ended has others, and may have kept them. */
	job.keys = store->keys;
	store->synced = cordon_clock_ns();
	any = !is_waiting(store) && give_files(store, &job);
	if (makes_room)
		ask_for_room(store, &job);
	if (any || makes_room)
		store->syncs += cordon_log_sync_begin(store->sync, &job);
	cordon_log_job_clear(&job);
}

/* Of these an owner asks first. */
static bool has_important(const struct cordon_log_store *store)
{
	bool important = false;

	for (int i = 0; i <= CORDON_CLASS_DENIAL; i++)
		important |= store->chain[i].unsynced;
	return important;
}

static bool has_many_files(const struct cordon_log_store *store)
{
	size_t files = 0;

	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		files += cordon_log_writer_left(store->chain[i].writer);
	return files >= FILES_MANY;
}

/* What is important is stored at once, so often a second, and with the others when there is more. */
static bool is_due(struct cordon_log_store *store, uint64_t now)
{
	const uint64_t since = now - store->synced;

	if (now - store->second > SECOND) {
		store->second = now;
		store->syncs = 0;
	}
	if (has_important(store) && (store->syncs < SYNCS_A_SECOND || since > SECOND / 5))
		return true;
	return since > SYNC_NS || store->deletions || has_many_files(store);
}

static bool is_room_due(const struct cordon_log_store *store)
{
	return store->deletions || has_many_files(store) || !store->looked ||
	       cordon_clock_ns() - store->looked > ROOM_NS;
}

void cordon_log_store_settle(struct cordon_log_store *store)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		tell_lost(store, &store->chain[i]);
		write_told(store, &store->chain[i]);
	}
	take_end(store, false);
	if (is_due(store, cordon_clock_ns()))
		begin_job(store, is_room_due(store));
}

void cordon_log_store_sync(struct cordon_log_store *store)
{
	cordon_log_store_settle(store);
	take_end(store, true);
	store->failed = 0;
	begin_job(store, false);
	take_end(store, true);
}

void cordon_log_store_set_wake(struct cordon_log_store *store, int wake)
{
	cordon_log_sync_set_wake(store->sync, wake);
}

/* ---- room --------------------------------------------------------------------------------- */

void cordon_log_store_make_room(struct cordon_log_store *store)
{
	do {
		cordon_log_store_sync(store);
		begin_job(store, true);
		take_end(store, true);
	} while (store->deletions);
}

static void leave_segments(struct cordon_log_store *store)
{
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		struct chain *chain = &store->chain[i];

		cordon_log_writer_leave(chain->writer);
		chain->unsynced |= cordon_log_writer_left(chain->writer) > 0;
	}
	store->begun = cordon_clock_ns();
}

void cordon_log_store_tick(struct cordon_log_store *store)
{
	const uint64_t now = cordon_clock_ns();

	if (now - store->begun > SEGMENT_AGE_NS)
		leave_segments(store);
	cordon_log_store_settle(store);
	/* A disk without room may be waiting for this. */
	if (store->room_due || store->figures.error || is_room_due(store))
		begin_job(store, true);
}

void cordon_log_store_set_limit(struct cordon_log_store *store, uint64_t limit)
{
	store->limit = limit < CORDON_LOG_LIMIT_MIN ? CORDON_LOG_LIMIT_MIN : limit;
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		cordon_log_writer_set_limit(store->chain[i].writer, segment_limit(store->limit));
}

/* ---- to open ------------------------------------------------------------------------------ */

/* In hexadecimal, to be read aloud if need be. */
static int write_enrol(int folder, const uint8_t *secret)
{
	const int fd CLEANUP(close) = openat(folder, CORDON_LOG_ENROL_FILE,
					     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
					     0600);
	char text[2 * CORDON_LOG_KEY_SIZE + 1];
	int error;

	if (fd < 0)
		return -errno;
	cordon_hex_format(secret, CORDON_LOG_KEY_SIZE, text);
	text[2 * CORDON_LOG_KEY_SIZE] = '\n';
	error = cordon_file_write(fd, text, 2 * CORDON_LOG_KEY_SIZE + 1);
	explicit_bzero(text, sizeof(text));
	if (!error && fsync(fd))
		error = -errno;
	return error;
}

/* A key that nobody took, of a log that was never begun, is in its way. Keys without the log's own
 * would prove nothing to anybody, and blocks without keys would be another log's. */
static int begin_keys(struct cordon_log_store *store, struct cordon_failure *failure)
{
	uint8_t secret[CORDON_LOG_KEY_SIZE];
	int error;

	if (cordon_sign_random(secret, sizeof(secret)))
		return cordon_fail(failure, -EIO, "no random numbers for the log's key");
	for (int i = 0; i < CORDON_CLASS_COUNT; i++)
		cordon_log_key_first(secret, i, &store->keys.chain[i]);
	unlinkat(store->folder, CORDON_LOG_ENROL_FILE, 0);
	error = write_enrol(store->folder, secret);
	explicit_bzero(secret, sizeof(secret));
	if (!error && fsync(store->folder))
		error = -errno;
	if (!error)
		error = cordon_log_keys_write(store->folder, &store->keys);
	if (!error && fsync(store->folder))
		error = -errno;
	return error ? cordon_fail(failure, error, "cannot write the log's keys: %s",
				   strerror(-error)) :
		       0;
}

static int open_keys(struct cordon_log_store *store, struct cordon_failure *failure)
{
	const int error = cordon_log_keys_read(store->folder, &store->keys);

	if (error == -ENOENT || error == -EBADMSG)
		return begin_keys(store, failure);
	return error ? cordon_fail(failure, error, "cannot read the log's keys: %s",
				   strerror(-error)) :
		       0;
}

static void tell_gap(struct cordon_log_store *store, enum cordon_event_class class,
		     const struct cordon_log_gap *gap)
{
	struct cordon_event_recovery recovery = {
		.event = { .size = sizeof(recovery), .type = CORDON_EVENT_RECOVERY },
		.class = class,
		.next = gap->first + gap->count,
		.kept = store->keys.chain[class].number,
		.missing = gap->count,
	};

	tell_in(store, class, &recovery.event);
}

/* With the gap at the chain's end, if there is one, comes all else. */
static void tell_recovery(struct cordon_log_store *store, enum cordon_event_class class,
			  const struct cordon_log_recovery *found)
{
	struct cordon_event_recovery recovery = {
		.event = { .size = sizeof(recovery), .type = CORDON_EVENT_RECOVERY },
		.class = class,
		.next = cordon_log_writer_chain(store->chain[class].writer)->key.number,
		.kept = store->keys.chain[class].number,
		.torn = found->torn,
		.forged = found->forged,
		.unreadable = found->unreadable,
	};
	unsigned int gaps = found->gaps;

	if (gaps && found->gap[gaps - 1].first + found->gap[gaps - 1].count == recovery.next)
		recovery.missing = found->gap[--gaps].count;
	for (unsigned int i = 0; i < gaps; i++)
		tell_gap(store, class, &found->gap[i]);
	if (recovery.missing || found->torn || found->forged || found->unreadable)
		tell_in(store, class, &recovery.event);
}

static struct cordon_event_loss loss_of(enum cordon_event_class class, uint16_t why)
{
	return (struct cordon_event_loss){
		.event = { .size = sizeof(struct cordon_event_loss),
			   .type = CORDON_EVENT_LOSS,
			   .cpu = CORDON_EVENT_NO_CPU },
		.class = class,
		.cpu = why,
	};
}

static int open_chain(struct cordon_log_store *store, enum cordon_event_class class,
		      struct cordon_failure *failure)
{
	struct chain *chain = &store->chain[class];
	struct cordon_log_recovery recovery;
	int error;

	chain->told = calloc(1, CORDON_LOG_BLOCK_FRAME + CORDON_LOG_BLOCK_MAX);
	if (!chain->told)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	chain->told->class = class;
	chain->lost[CORDON_LOG_LOSS_UNWRITTEN] = loss_of(class, CORDON_EVENT_NO_CPU);
	chain->lost[CORDON_LOG_LOSS_UNHEARD] = loss_of(class, CORDON_LOSS_UNHEARD);
	error = cordon_log_writer_open(store->folder, class, &store->keys.chain[class],
				       segment_limit(store->limit), failure, &recovery,
				       &chain->writer);
	if (error)
		return error;
	tell_recovery(store, class, &recovery);
	chain->given = end_of(chain->writer);
	/* A checkpoint says nothing of what is missing before what is told of it is there. */
	if (recovery.gaps)
		chain->given = (struct end){ .blocks = store->keys.chain[class].number };
	chain->stable = chain->given;
	return 0;
}

static int open_folder(const char *path, struct cordon_failure *failure, int *ret_fd)
{
	int fd CLEANUP(close) = -1;

	if (mkdir(path, 0700) && errno != EEXIST)
		return cordon_fail(failure, -errno, "cannot make %s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return cordon_fail(failure, -errno, "cannot open %s: %s", path, strerror(errno));
	for (int i = 0; i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB); i++)
		nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_NS }, NULL);
	if (flock(fd, LOCK_EX | LOCK_NB))
		return cordon_fail(failure, -EBUSY, "%s: another process writes the log", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int cordon_log_store_open(const char *path, uint64_t limit, struct cordon_failure *failure,
			  struct cordon_log_store **ret_store)
{
	struct cordon_log_store *store = calloc(1, sizeof(*store));
	int error;

	if (!store)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	store->folder = -1;
	store->limit = limit < CORDON_LOG_LIMIT_MIN ? CORDON_LOG_LIMIT_MIN : limit;
	store->begun = store->synced = cordon_clock_ns();
	cordon_boot_id(&store->boot_id);
	error = open_folder(path, failure, &store->folder);
	if (!error && cordon_log_sync_open(store->folder, &store->sync))
		error = cordon_fail(failure, -ENOMEM, "out of memory");
	if (!error)
		error = open_keys(store, failure);
	for (int i = 0; i < CORDON_CLASS_COUNT && !error; i++)
		error = open_chain(store, i, failure);
	if (error) {
		cordon_log_store_close(store);
		return error;
	}
	*ret_store = store;
	return 0;
}

void cordon_log_store_close(struct cordon_log_store *store)
{
	if (!store)
		return;
	if (store->chain[CORDON_CLASS_COUNT - 1].writer)
		cordon_log_store_sync(store);
	cordon_log_sync_close(store->sync);
	for (int i = 0; i < CORDON_CLASS_COUNT; i++) {
		if (store->chain[i].writer)
			cordon_log_writer_close(store->chain[i].writer);
		free(store->chain[i].told);
	}
	free(store->deletion);
	cleanup_close(&store->folder);
	explicit_bzero(store, sizeof(*store));
	free(store);
}

struct cordon_log_figures cordon_log_store_figures(const struct cordon_log_store *store)
{
	struct cordon_log_figures figures = store->figures;

	figures.used = used(store);
	return figures;
}
