/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SHA-256 of what comes piece by piece.
 */
#ifndef CORDON_SIGN_DIGEST_H
#define CORDON_SIGN_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/** struct cordon_digest - one that is being made: the crypto library's own, as bytes */
struct cordon_digest {
	uint64_t room[16];
};

void cordon_digest_begin(struct cordon_digest *digest);
void cordon_digest_add(struct cordon_digest *digest, const void *data, size_t size);
void cordon_digest_end(struct cordon_digest *digest, uint8_t (*ret_digest)[32]);

#endif
