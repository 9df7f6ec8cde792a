// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The keys of the log's chains; see log_key.h.
 */
#include "log_key.h"

#include <stdio.h>
#include <string.h>

#include <nettle/hmac.h>

#include "log_segment.h"

static void hmac(const uint8_t *secret, const void *text, size_t size,
		 uint8_t (*ret_mac)[CORDON_LOG_DIGEST_SIZE])
{
	struct hmac_sha256_ctx context;

	hmac_sha256_set_key(&context, CORDON_LOG_KEY_SIZE, secret);
	hmac_sha256_update(&context, size, text);
	hmac_sha256_digest(&context, sizeof(*ret_mac), *ret_mac);
	explicit_bzero(&context, sizeof(context));
}

void cordon_log_key_first(const uint8_t *secret, enum cordon_event_class class,
			  struct cordon_log_key *ret_key)
{
	char label[64];
	const int size =
		snprintf(label, sizeof(label), "cordon log %s", cordon_event_class_name(class));

	ret_key->number = 0;
	hmac(secret, label, (size_t)size, &ret_key->secret);
}

void cordon_log_key_next(struct cordon_log_key *key)
{
	uint8_t next[CORDON_LOG_KEY_SIZE];

	hmac(key->secret, "next", 4, &next);
	memcpy(key->secret, next, sizeof(next));
	explicit_bzero(next, sizeof(next));
	key->number++;
}

void cordon_log_key_to(struct cordon_log_key *key, uint64_t number)
{
	while (key->number < number)
		cordon_log_key_next(key);
}

void cordon_log_key_mac(const struct cordon_log_key *key, const uint8_t *digest,
			uint8_t (*ret_mac)[CORDON_LOG_DIGEST_SIZE])
{
	hmac(key->secret, digest, CORDON_LOG_DIGEST_SIZE, ret_mac);
}
