/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the rings into the log: what the kernel told is written down block by
 * block, and what this process has to tell, beside it.  With no room on disk, or
 * none to write to, records stay in their rings, and the kernel counts what finds
 * no place there; nothing waits for it.  It decides nothing and prints nothing.
 */
#ifndef CORDON_RECORDER_H
#define CORDON_RECORDER_H

#include <stdint.h>

#include "context.h"
#include "log_store.h"
#include "maps.h"
#include "ring.h"

struct cordon_recorder;

/**
 * cordon_recorder_open() - begin to read, and to write if that can be
 * @limit: bytes of the log
 * @viewer: gets each record of a ring once, before it is written
 * Return: 0, also with no log to write to yet; -errno with @failure.
 */
int cordon_recorder_open(const struct cordon_context *context, const struct cordon_maps *maps,
			 uint64_t limit, cordon_ring_viewer viewer, void *state,
			 struct cordon_failure *failure, struct cordon_recorder **ret_recorder);

/** cordon_recorder_close() - what is there is written, if it can be */
void cordon_recorder_close(struct cordon_recorder *recorder);

/**
 * cordon_recorder_flush() - what the rings hold is written by this process, unless the daemon
 *	runs, which does so itself
 *
 * So that what a command did is in the log when it ends.  What cannot be written stays where it is.
 */
void cordon_recorder_flush(const struct cordon_context *context);

/** cordon_recorder_set_limit() - as another policy has it */
void cordon_recorder_set_limit(struct cordon_recorder *recorder, uint64_t limit);

/** cordon_recorder_fd() - of a class that is told at once. Return: -1: it is not */
int cordon_recorder_fd(const struct cordon_recorder *recorder, enum cordon_event_class class);

/** cordon_recorder_level() - percent of a class's ring that wait, rounded up */
unsigned int cordon_recorder_level(const struct cordon_recorder *recorder,
				   enum cordon_event_class class);

/** cordon_recorder_bad() - records of a class's ring that are none of ours, and were left out */
uint64_t cordon_recorder_bad(const struct cordon_recorder *recorder, enum cordon_event_class class);

/** cordon_recorder_wake() - readable when something reached stable storage: read it, and
 *	cordon_recorder_settle(); -1: never */
int cordon_recorder_wake(const struct cordon_recorder *recorder);

/** cordon_recorder_take() - what its ring holds; in a flood as much as fits into it */
void cordon_recorder_take(struct cordon_recorder *recorder, enum cordon_event_class class);

/** cordon_recorder_take_all() - of every class */
void cordon_recorder_take_all(struct cordon_recorder *recorder);

/** cordon_recorder_tell() - see cordon_log_store_tell(); with no log to write to it is counted, and
 *	told as lost when there is one */
void cordon_recorder_tell(struct cordon_recorder *recorder, struct cordon_event *event);

/** cordon_recorder_lost() - so many records of a class could not even be told */
void cordon_recorder_lost(struct cordon_recorder *recorder, enum cordon_event_class class,
			  uint64_t records);

/** cordon_recorder_checkpoint() - see cordon_log_store_checkpoint() */
void cordon_recorder_checkpoint(struct cordon_recorder *recorder, const uint8_t *policy,
				uint32_t latch);

/** cordon_recorder_settle() - what was told is in the log's files: our end takes none of it */
void cordon_recorder_settle(struct cordon_recorder *recorder);

/** cordon_recorder_tick() - once a second; also tries again what could not be opened */
void cordon_recorder_tick(struct cordon_recorder *recorder);

/** cordon_recorder_problem() - why nothing can be written now, or ""; good until the next call */
const char *cordon_recorder_problem(struct cordon_recorder *recorder);

/** cordon_recorder_store() - NULL: there is none */
struct cordon_log_store *cordon_recorder_store(struct cordon_recorder *recorder);

#endif
