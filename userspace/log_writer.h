/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One chain of the log, written.  It goes on in a segment of its own each time:
 * what power failure or somebody left behind the last whole block stays where it
 * is, as evidence.  What is written here is on disk whole or not at all.
 */
#ifndef CORDON_LOG_WRITER_H
#define CORDON_LOG_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include <cordon/log.h>

#include "log_block.h"
#include "log_recovery.h"
#include "log_sync.h"
#include "util/failure.h"

struct cordon_log_writer;

/**
 * cordon_log_writer_open() - go on behind the last whole block
 * @folder: the log's, open; stays the caller's
 * @key: of the block to come, as of the last time it was kept; see log_recovery.h
 * @limit: bytes of a segment, beyond which the next is begun
 *
 * Blocks behind the kept key may have been in memory only: they are brought to stable storage.
 * Return: 0; -errno with @failure, and nothing is changed.
 */
int cordon_log_writer_open(int folder, enum cordon_event_class class,
			   const struct cordon_log_key *key, size_t limit,
			   struct cordon_failure *failure, struct cordon_log_recovery *ret_recovery,
			   struct cordon_log_writer **ret_writer);
void cordon_log_writer_close(struct cordon_log_writer *writer);

/**
 * cordon_log_writer_add() - close a block and write it
 * @block: see cordon_log_block_close()
 * Return: 0; -ENOSPC, -EROFS, -EIO ...: it is not there, and the chain goes on as
 *	if it had not been tried.
 */
int cordon_log_writer_add(struct cordon_log_writer *writer, struct cordon_log_block *block);

/** cordon_log_writer_leave() - the next block begins a segment */
void cordon_log_writer_leave(struct cordon_log_writer *writer);

/** cordon_log_writer_set_limit() - of the segments to come and this one */
void cordon_log_writer_set_limit(struct cordon_log_writer *writer, size_t limit);

/**
 * cordon_log_writer_give() - the files that were written to since it was last called
 * @files: those are added
 * Return: 0; -ENOMEM, -EMFILE: none are, and the next call gives them.
 */
int cordon_log_writer_give(struct cordon_log_writer *writer, struct cordon_log_files *files);

/** cordon_log_writer_left() - full segments among those that it would give */
size_t cordon_log_writer_left(const struct cordon_log_writer *writer);

/** cordon_log_writer_failure() - 0, or why it could not bring a file to stable storage that it did
 *	not give, since this was last asked */
int cordon_log_writer_failure(struct cordon_log_writer *writer);

/** cordon_log_writer_chain() - where it goes on */
const struct cordon_log_chain *cordon_log_writer_chain(const struct cordon_log_writer *writer);

/** cordon_log_writer_size() - bytes of the segment that is written */
size_t cordon_log_writer_size(const struct cordon_log_writer *writer);

/** cordon_log_writer_segment() - number of the segment that is written; those before are closed */
uint32_t cordon_log_writer_segment(const struct cordon_log_writer *writer);

#endif
