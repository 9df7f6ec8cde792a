/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys of the log's chains, see cordon/log.h.  They only go forward: what
 * went by is erased from memory here, and from disk by who keeps them.
 */
#ifndef CORDON_LOG_KEY_H
#define CORDON_LOG_KEY_H

#include <stdint.h>

#include <cordon/log.h>
#include <cordon/uapi/event.h>

/** cordon_log_key_first() - of a chain, from the log's own key of CORDON_LOG_KEY_SIZE bytes */
void cordon_log_key_first(const uint8_t *secret, enum cordon_event_class class,
			  struct cordon_log_key *ret_key);

/** cordon_log_key_next() - the former secret is gone afterwards */
void cordon_log_key_next(struct cordon_log_key *key);

/** cordon_log_key_to() - as often as it takes; @number is not below the key's own */
void cordon_log_key_to(struct cordon_log_key *key, uint64_t number);

/** cordon_log_key_mac() - authenticates a block's digest */
void cordon_log_key_mac(const struct cordon_log_key *key, const uint8_t *digest,
			uint8_t (*ret_mac)[CORDON_LOG_DIGEST_SIZE]);

#endif
