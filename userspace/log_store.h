/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: takes blocks of records and keeps them, chained, in the space that it
 * may have.  It never waits for room and never stops anybody.  One process at a
 * time has it open.
 *
 * A block is taken or it is not: who brings it (ring.h) keeps its records until
 * it is, so that neither a full disk nor the end of this process loses what the
 * ring still holds.  What userspace itself tells waits here, a block for each
 * class; beyond that it is counted.
 */
#ifndef CORDON_LOG_STORE_H
#define CORDON_LOG_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/event.h>

#include "log_block.h"
#include "util/failure.h"

struct cordon_log_store;

/**
 * cordon_log_store_open() - go on with the log, or begin one
 * @path: its folder; made if missing
 * @limit: bytes of all its segments, at least CORDON_LOG_LIMIT_MIN
 *
 * A log that begins makes its key and leaves it in the file `enrol` until
 * somebody takes it away.
 * Return: 0; -EBUSY: another process has it; -errno with @failure.
 */
int cordon_log_store_open(const char *path, uint64_t limit, struct cordon_failure *failure,
			  struct cordon_log_store **ret_store);

/** cordon_log_store_close() - what waits is written, if it can be */
void cordon_log_store_close(struct cordon_log_store *store);

/** cordon_log_store_set_limit() - as another policy has it */
void cordon_log_store_set_limit(struct cordon_log_store *store, uint64_t limit);

/**
 * cordon_log_store_write() - keep a block of records
 * @block: with its class, size and records; the rest is filled in; behind the
 *	records there is room for the seal
 * Return: 0: it is in the file; -ENOSPC, -EROFS, -EIO ...: it is not, bring it again.
 */
int cordon_log_store_write(struct cordon_log_store *store, struct cordon_log_block *block);

/** cordon_log_store_tell() - a record by userspace: sequence, CPU and time are filled in */
void cordon_log_store_tell(struct cordon_log_store *store, struct cordon_event *record);

/** enum cordon_log_loss - why records of userspace are lost */
enum cordon_log_loss {
	CORDON_LOG_LOSS_UNWRITTEN, /* there was no log to write them to */
	CORDON_LOG_LOSS_UNHEARD,   /* the kernel told more than we read in time */
	CORDON_LOG_LOSSES
};

/** cordon_log_store_lost() - so many records of a class could not even be told */
void cordon_log_store_lost(struct cordon_log_store *store, enum cordon_event_class class,
			   enum cordon_log_loss why, uint64_t records);

/** cordon_log_store_checkpoint() - tell how far each chain has come on stable storage
 * @policy: SHA-256 of the policy in force
 */
void cordon_log_store_checkpoint(struct cordon_log_store *store, const uint8_t *policy,
				 uint32_t latch);

/** cordon_log_store_set_wake() - an eventfd that is told when something reached stable storage, so
 *	that cordon_log_store_settle() is called */
void cordon_log_store_set_wake(struct cordon_log_store *store, int wake);

/** cordon_log_store_settle() - all that was told is in its file: the end of this process takes none
 *	of it */
void cordon_log_store_settle(struct cordon_log_store *store);

/** cordon_log_store_sync() - all that was written and told is on stable storage, if it can be */
void cordon_log_store_sync(struct cordon_log_store *store);

/** cordon_log_store_make_room() - compress a segment, delete until the log is within its limit */
void cordon_log_store_make_room(struct cordon_log_store *store);

/** cordon_log_store_tick() - once a second: synchronises what is due, makes room */
void cordon_log_store_tick(struct cordon_log_store *store);

/** struct cordon_log_figures - for status
 * @used: bytes of all segments
 * @error: why the last block could not be written, 0: it was
 * @records: by class, since the store was opened
 * @lost: by class, told by userspace and in no chain
 */
struct cordon_log_figures {
	uint64_t used;
	int error;
	uint64_t records[CORDON_CLASS_COUNT];
	uint64_t lost[CORDON_CLASS_COUNT];
};
struct cordon_log_figures cordon_log_store_figures(const struct cordon_log_store *store);

#endif
