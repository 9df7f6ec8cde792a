/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a chain of the log ends, and how much room all of them take: for who
 * only wants to know that.  It asks for no key and believes what is there.
 */
#ifndef CORDON_LOG_TAIL_H
#define CORDON_LOG_TAIL_H

#include <stdint.h>

#include <cordon/log.h>
#include <cordon/uapi/event.h>

/**
 * struct cordon_log_tail - zeros: there is no block
 * @blocks: number of the next one
 * @records: likewise
 * @last: the last block
 * @digest: its
 * @bytes: of all segments, as they lie on the disk
 */
struct cordon_log_tail {
	uint64_t blocks;
	uint64_t records;
	struct cordon_log_block last;
	uint8_t digest[CORDON_LOG_DIGEST_SIZE];
	uint64_t bytes;
};

/**
 * cordon_log_tail_read() - of one class
 * @folder: the log's, open
 * Return: 0; -errno: it cannot be listed, or its last segment cannot be read.
 */
int cordon_log_tail_read(int folder, enum cordon_event_class class,
			 struct cordon_log_tail *ret_tail);

/**
 * cordon_log_tail_block() - the last block of a class, its records behind it
 * @ret_block: the caller's to free; NULL: there is none
 * Return: 0; -errno: as above, or -ENOMEM.
 */
int cordon_log_tail_block(int folder, enum cordon_event_class class,
			  struct cordon_log_block **ret_block);

#endif
