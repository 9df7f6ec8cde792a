/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a chain of the log goes on, after whatever happened to its files: behind
 * the last block that belongs to it.  It only looks; what power failure or
 * somebody left behind stays where it is, as evidence.
 *
 * Blocks behind the kept key may have come to the disk in any order when power
 * failed: one that a later key of the chain made belongs to it, and those before
 * it that are not there are a gap.
 */
#ifndef CORDON_LOG_RECOVERY_H
#define CORDON_LOG_RECOVERY_H

#include <stdint.h>

#include <cordon/log.h>

#include "log_block.h"
#include "util/failure.h"

/* Of more of them the last is told as larger than it is. */
#define CORDON_LOG_GAPS_MAX 8

/** struct cordon_log_gap - blocks that had been written, by the keys, and are not there */
struct cordon_log_gap {
	uint64_t first;
	uint64_t count;
};

/**
 * struct cordon_log_recovery - what was found where a chain goes on, and no record tells yet
 * @gap: @gaps of them
 * @torn: bytes that are no whole block: power failed, or somebody did it
 * @forged: blocks that no key that was due made
 * @unreadable: segments that cannot be read or expanded
 */
struct cordon_log_recovery {
	struct cordon_log_gap gap[CORDON_LOG_GAPS_MAX];
	unsigned int gaps;
	uint64_t torn;
	uint64_t forged;
	uint64_t unreadable;
};

/** struct cordon_log_range - numbers of segments, from @begin on to before @end */
struct cordon_log_range {
	uint32_t begin;
	uint32_t end;
};

/**
 * cordon_log_recover() - find the end of a chain
 * @folder: the log's, open
 * @kept: key of the block to come, as of the last time it was kept; blocks that came after it are
 *	checked with it
 * @ret_range: segments that were looked at; behind them there is none
 * Return: 0; -errno with @failure.
 */
int cordon_log_recover(int folder, enum cordon_event_class class, const struct cordon_log_key *kept,
		       struct cordon_failure *failure, struct cordon_log_recovery *ret_recovery,
		       struct cordon_log_chain *ret_chain, struct cordon_log_range *ret_range);

#endif
