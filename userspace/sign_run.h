/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One signature, made by the program `openssl`: it reads every kind of key,
 * asks for passphrases, and reaches tokens, so that no private key ever comes
 * into this program.
 */
#ifndef CORDON_SIGN_RUN_H
#define CORDON_SIGN_RUN_H

#include "sign.h"

/**
 * sign_run() - a CMS SignedData of a text, with one signature, as a node takes it
 * @ret_cms: the caller's to free
 * Return: 0; -EINVAL: the key cannot be used; -ENOENT: there is no openssl; -errno;
 *	with @failure.
 */
int sign_run(const char *text, size_t size, const struct cordon_signing *with,
	     struct cordon_failure *failure, uint8_t **ret_cms, size_t *ret_size);

/** sign_run_bytes() - a bare signature with SHA-256 of any bytes: PKCS #1 v1.5, or DER of ECDSA;
 *	else the same */
int sign_run_bytes(const void *bytes, size_t size, const struct cordon_signing *with,
		   struct cordon_failure *failure, uint8_t **ret_signature, size_t *ret_size);

#endif
