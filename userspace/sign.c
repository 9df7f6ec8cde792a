// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Digests and random bytes, of the crypto library and of the kernel.
 *
 * The library is Nettle, on GMP, and not OpenSSL's: its functions are no more
 * than what they compute.  A static program with libcrypto in it, in turn, has
 * 16,000 addresses to relocate and a third of a millisecond more to start,
 * each time a node is told to shut.
 */
#include "sign.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <sys/random.h>

void cordon_sign_digest(const void *data, size_t size,
			uint8_t (*ret_digest)[CORDON_SIGN_DIGEST_SIZE])
{
	struct sha256_ctx state;

	sha256_init(&state);
	sha256_update(&state, size, data);
	sha256_digest(&state, sizeof(*ret_digest), *ret_digest);
}

int cordon_sign_random(void *bytes, size_t size)
{
	uint8_t *at = bytes;

	while (size) {
		const ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -EIO;
		at += got;
		size -= (size_t)got;
	}
	return 0;
}
