// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one file that touches libcrypto.
 *
 * Digests use SHA256_*() and not EVP: EVP brings libcrypto's providers with it,
 * and so 4.7 MB, dlopen() and half a millisecond of start-up into a static
 * program that a node runs as root.  The functions are deprecated for new
 * algorithms' sake, not withdrawn.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "sign.h"

#include <errno.h>
#include <openssl/sha.h>

int cordon_digest(const void *data, size_t size, uint8_t ret_digest[CORDON_DIGEST_SIZE])
{
	uint8_t digest[CORDON_DIGEST_SIZE];
	SHA256_CTX state;

	if (!SHA256_Init(&state) || !SHA256_Update(&state, data, size) ||
	    !SHA256_Final(digest, &state))
		return -EIO;
	for (size_t i = 0; i < sizeof(digest); i++)
		ret_digest[i] = digest[i];
	return 0;
}
