/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The blocks of one class in the order of their segments, from a folder that
 * may be anybody's: it believes nothing but digests, and where bytes are no
 * block it goes on at the next that is one.  Needs no key.
 */
#ifndef CORDON_LOG_READER_H
#define CORDON_LOG_READER_H

#include <stddef.h>
#include <stdint.h>

#include <cordon/log.h>

#include "log_block.h"
#include "util/failure.h"

struct cordon_log_reader;

/**
 * struct cordon_log_found - a block, or bytes that should be one
 * @fault: WHOLE; else @block and @seal are NULL
 * @segment: number in the file's name
 * @offset: bytes before it, in the segment as it was before compression
 * @size: bytes of it
 */
struct cordon_log_found {
	enum cordon_log_fault fault;
	const struct cordon_log_block *block;
	const struct cordon_log_seal *seal;
	uint32_t segment;
	size_t offset;
	size_t size;
};

/**
 * cordon_log_reader_open() - from the oldest segment on
 * @folder: the log's, open; stays the caller's
 * Return: 0; -errno with @failure.
 */
int cordon_log_reader_open(int folder, enum cordon_event_class class,
			   struct cordon_failure *failure, struct cordon_log_reader **ret_reader);
void cordon_log_reader_close(struct cordon_log_reader *reader);

/** cordon_log_reader_skip_to() - begin with a segment; for who wants the last ones only */
void cordon_log_reader_skip_to(struct cordon_log_reader *reader, uint32_t segment);

/** cordon_log_reader_segment() - the one that cordon_log_reader_next() last looked at */
uint32_t cordon_log_reader_segment(const struct cordon_log_reader *reader);

/** cordon_log_reader_last() - number of the last segment. Return: false: there is none */
bool cordon_log_reader_last(const struct cordon_log_reader *reader, uint32_t *ret_segment);

/**
 * cordon_log_reader_next() - the next block, or the next bytes that are none
 * @ret_found: good until the next call
 * Return: 1; 0: that was all; -errno with @failure: a segment cannot be read; the next
 *	call goes on behind it.
 */
int cordon_log_reader_next(struct cordon_log_reader *reader, struct cordon_failure *failure,
			   struct cordon_log_found *ret_found);

/**
 * cordon_log_reader_again() - there may be more by now: cordon_log_reader_next()
 *	goes on behind the last whole block
 * Return: 0 or -errno.
 */
int cordon_log_reader_again(struct cordon_log_reader *reader);

#endif
