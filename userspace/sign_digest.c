// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SHA-256 of what comes piece by piece; see sign_digest.h.
 */
#include "sign_digest.h"

#include <nettle/sha2.h>

_Static_assert(sizeof(struct sha256_ctx) <= sizeof(struct cordon_digest), "it has room");

static struct sha256_ctx *context_of(struct cordon_digest *digest)
{
	return (struct sha256_ctx *)digest->room;
}

void cordon_digest_begin(struct cordon_digest *digest)
{
	sha256_init(context_of(digest));
}

void cordon_digest_add(struct cordon_digest *digest, const void *data, size_t size)
{
	sha256_update(context_of(digest), size, data);
}

void cordon_digest_end(struct cordon_digest *digest, uint8_t (*ret_digest)[32])
{
	sha256_digest(context_of(digest), sizeof(*ret_digest), *ret_digest);
}
