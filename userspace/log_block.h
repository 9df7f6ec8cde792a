/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One block of the log's chains, made and looked at; see cordon/log.h.  Knows
 * no files.
 */
#ifndef CORDON_LOG_BLOCK_H
#define CORDON_LOG_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/log.h>

#include "log_key.h"

#define CORDON_LOG_BLOCK_FRAME (sizeof(struct cordon_log_block) + sizeof(struct cordon_log_seal))

/** struct cordon_log_chain - where a chain goes on: all that its next block needs
 * @key: of the next block; its number is the block's
 * @records: number of the next record
 * @former: digest of the last block
 */
struct cordon_log_chain {
	struct cordon_log_key key;
	uint64_t records;
	uint8_t former[CORDON_LOG_DIGEST_SIZE];
};

/**
 * cordon_log_block_close() - number, chain and authenticate a block
 * @block: begun with its class, size, records, times and boot id; behind it lie
 *	@size bytes of records and room for the seal
 * @chain: goes on behind this block; its key for it is erased
 * Return: bytes of the whole block.
 */
size_t cordon_log_block_close(struct cordon_log_block *block, struct cordon_log_chain *chain);

/**
 * enum cordon_log_fault - what is wrong with bytes that should be a block
 * @CORDON_LOG_SHORT: they end before the block does
 * @CORDON_LOG_MALFORMED: no block, or of another version or byte order
 * @CORDON_LOG_DAMAGED: its digest is another
 * @CORDON_LOG_FORGED: its MAC is not by the key
 */
enum cordon_log_fault {
	CORDON_LOG_WHOLE,
	CORDON_LOG_SHORT,
	CORDON_LOG_MALFORMED,
	CORDON_LOG_DAMAGED,
	CORDON_LOG_FORGED,
};

/** cordon_log_block_check() - is there a whole, undamaged block of @class? Asks for no key.
 * @bytes: at a multiple of 8
 * @ret_block, @ret_seal: point into @bytes, set if it is WHOLE
 */
enum cordon_log_fault cordon_log_block_check(const void *bytes, size_t size,
					     enum cordon_event_class class,
					     const struct cordon_log_block **ret_block,
					     const struct cordon_log_seal **ret_seal);

/** cordon_log_block_is_there() - do they look like a block that is not SHORT? It may be DAMAGED. */
bool cordon_log_block_is_there(const void *bytes, size_t size, enum cordon_event_class class);

/** cordon_log_block_size() - of a whole block, frame and all */
static inline size_t cordon_log_block_size(const struct cordon_log_block *block)
{
	return CORDON_LOG_BLOCK_FRAME + block->size;
}

/** cordon_log_seal_is_by() - was it authenticated by @key? In constant time. */
bool cordon_log_seal_is_by(const struct cordon_log_seal *seal, const struct cordon_log_key *key);

#endif
