/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a log what the node wrote?  Offline, from its folder and the key that its
 * owner took away when it was enrolled; on any machine.  It believes nothing
 * that no key of the chain authenticates, and accounts for every byte.
 */
#ifndef CORDON_LOG_VERIFY_H
#define CORDON_LOG_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/log.h>
#include <cordon/uapi/event.h>

#include "util/failure.h"

/*
 * What can be found: X(NAME, breach, "what it is called").  What is no breach
 * the node itself recorded, in a block that is authentic.
 */
#define CORDON_LOG_FINDINGS(X)                                                                     \
	X(EDITED, true, "edited")	/* a block's bytes are not those of its digest */          \
	X(FORGED, true, "forged")	/* a block is whole, and not by the chain's key */         \
	X(STRANGE, true, "strange")	/* bytes that are no block and nobody told of */           \
	X(REMOVED, true, "removed")	/* blocks are missing and nobody told of it */             \
	X(REORDERED, true, "reordered") /* a block comes again, or too late */                     \
	X(CUT, true, "cut") /* blocks at the end are missing, by the keys or a checkpoint */       \
	X(UNREADABLE, true, "unreadable") /* a segment cannot be read or expanded */               \
	X(MALFORMED, true, "malformed")	  /* an authentic block holds what is no record */         \
	X(UNPROVED, true, "unproved")	  /* where the chain ends nothing proves that it does */   \
	X(TORN, false, "torn")	     /* power failed: bytes of a block that was being written */   \
	X(MISSED, false, "missed")   /* blocks that were written and never reached the disk */     \
	X(DOUBTED, false, "doubted") /* blocks that the disk said it failed to store */            \
	X(DELETED, false, "deleted") /* the oldest segments, for want of space */                  \
	X(LOST, false, "lost")	     /* records for which there was no room */

enum cordon_log_finding_kind {
#define CORDON_LOG_FINDING_ENUM(name, breach, text) CORDON_LOG_FINDING_##name,
	CORDON_LOG_FINDINGS(CORDON_LOG_FINDING_ENUM)
#undef CORDON_LOG_FINDING_ENUM
};

/**
 * struct cordon_log_finding - one thing that is so
 * @first, @count: STRANGE, EDITED, TORN: bytes, from @first on in the segment;
 *	LOST: records; else blocks by number
 * @segment: where, if it is in one
 */
struct cordon_log_finding {
	enum cordon_log_finding_kind kind;
	enum cordon_event_class class;
	uint32_t segment;
	uint64_t first;
	uint64_t count;
};

const char *cordon_log_finding_name(enum cordon_log_finding_kind kind);
bool cordon_log_finding_is_breach(enum cordon_log_finding_kind kind);

/** struct cordon_log_sum - what is sound, by class, and what was @deleted and @missed, in blocks */
struct cordon_log_sum {
	struct {
		uint64_t blocks;
		uint64_t records;
		uint64_t deleted;
		uint64_t missed;
	} class[CORDON_CLASS_COUNT];
	uint64_t breaches;
};

typedef void (*cordon_log_finding_taker)(void *state, const struct cordon_log_finding *finding);

/**
 * cordon_log_verify() - look at all of a log
 * @folder: open
 * @secret: the log's key, CORDON_LOG_KEY_SIZE bytes
 * @taker: gets what is found, class by class, in order
 * Return: 0: all was looked at, see @ret_sum->breaches; -errno with @failure.
 */
int cordon_log_verify(int folder, const uint8_t *secret, cordon_log_finding_taker taker,
		      void *state, struct cordon_failure *failure, struct cordon_log_sum *ret_sum);

#endif
