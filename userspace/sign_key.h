/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Public keys that may sign orders, and whether they signed this.
 */
#ifndef CORDON_SIGN_KEY_H
#define CORDON_SIGN_KEY_H

#include "sign_der.h"

/* Of RSA; larger keys may not sign. */
#define SIGN_KEY_BITS_MAX 4096
#define SIGN_SIGNATURE_MAX (SIGN_KEY_BITS_MAX / 8)

enum sign_kind {
	SIGN_RSA,
	SIGN_P256,
};

/** struct sign_key - parts of a SubjectPublicKeyInfo; nothing is owned */
struct sign_key {
	enum sign_kind kind;
	struct der modulus;
	struct der exponent;
	struct der x;
	struct der y;
};

/**
 * sign_key_read() - a key out of its SubjectPublicKeyInfo
 * Return: NULL and @ret_key, or why such a key may not sign: a sentence about it.
 */
const char *sign_key_read(struct der whole, struct sign_key *ret_key);

/** sign_key_verify() - is @signature by this key, of this SHA-256? */
bool sign_key_verify(const struct sign_key *key, const uint8_t (*digest)[32], struct der signature);

#endif
