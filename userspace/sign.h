/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the crypto library is for: digests.  sign.c alone includes it.
 */
#ifndef CORDON_SIGN_H
#define CORDON_SIGN_H

#include <stddef.h>
#include <stdint.h>

#define CORDON_DIGEST_SIZE 32

/**
 * cordon_digest() - SHA-256 (FIPS 180-4) of @size bytes
 * Return: 0, -EIO: the library refuses.
 */
int cordon_digest(const void *data, size_t size, uint8_t ret_digest[CORDON_DIGEST_SIZE]);

#endif
