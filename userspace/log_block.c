// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One block of the log's chains; see log_block.h.
 */
#include "log_block.h"

#include <string.h>

#include <nettle/memops.h>
#include <nettle/sha2.h>

static void digest_of(const struct cordon_log_block *block,
		      uint8_t (*ret_digest)[CORDON_LOG_DIGEST_SIZE])
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, sizeof(*block) + block->size, (const uint8_t *)block);
	sha256_digest(&context, sizeof(*ret_digest), *ret_digest);
}

size_t cordon_log_block_close(struct cordon_log_block *block, struct cordon_log_chain *chain)
{
	struct cordon_log_seal *seal = (void *)((uint8_t *)(block + 1) + block->size);

	block->magic = CORDON_LOG_MAGIC;
	block->version = CORDON_LOG_VERSION;
	block->number = chain->key.number;
	block->first = chain->records;
	memcpy(block->former, chain->former, sizeof(block->former));
	digest_of(block, &seal->digest);
	cordon_log_key_mac(&chain->key, seal->digest, &seal->mac);
	memcpy(chain->former, seal->digest, sizeof(chain->former));
	chain->records += block->records;
	cordon_log_key_next(&chain->key);
	return cordon_log_block_size(block);
}

static bool is_block(const struct cordon_log_block *block, enum cordon_event_class class)
{
	return block->magic == CORDON_LOG_MAGIC && block->version == CORDON_LOG_VERSION &&
	       block->class == class && block->size <= CORDON_LOG_BLOCK_MAX &&
	       block->size % 8 == 0 && block->records <= block->size;
}

bool cordon_log_block_is_there(const void *bytes, size_t size, enum cordon_event_class class)
{
	const struct cordon_log_block *block = bytes;

	return size >= sizeof(*block) && is_block(block, class) &&
	       size >= cordon_log_block_size(block);
}

enum cordon_log_fault cordon_log_block_check(const void *bytes, size_t size,
					     enum cordon_event_class class,
					     const struct cordon_log_block **ret_block,
					     const struct cordon_log_seal **ret_seal)
{
	const struct cordon_log_block *block = bytes;
	const struct cordon_log_seal *seal;
	uint8_t digest[CORDON_LOG_DIGEST_SIZE];

	if (size < sizeof(*block))
		return CORDON_LOG_SHORT;
	if (!is_block(block, class))
		return CORDON_LOG_MALFORMED;
	if (size < cordon_log_block_size(block))
		return CORDON_LOG_SHORT;
	seal = (const void *)((const uint8_t *)(block + 1) + block->size);
	digest_of(block, &digest);
	if (memcmp(digest, seal->digest, sizeof(digest)) != 0)
		return CORDON_LOG_DAMAGED;
	*ret_block = block;
	*ret_seal = seal;
	return CORDON_LOG_WHOLE;
}

bool cordon_log_seal_is_by(const struct cordon_log_seal *seal, const struct cordon_log_key *key)
{
	uint8_t mac[CORDON_LOG_DIGEST_SIZE];

	cordon_log_key_mac(key, seal->digest, &mac);
	return memeql_sec(mac, seal->mac, sizeof(mac));
}
