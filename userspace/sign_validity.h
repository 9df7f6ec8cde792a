/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From when until when an X.509 certificate (RFC 5280) may be used, by its own
 * words: nothing of it is verified, and no clock is asked.
 */
#ifndef CORDON_SIGN_VALIDITY_H
#define CORDON_SIGN_VALIDITY_H

#include "sign.h"

/**
 * struct cordon_validity - of the certificate of a file that ends first
 * @not_before, @not_after: seconds since 1970; at both it may still be used
 * @certificates: in the file
 * @digest: SHA-256 of it
 * @subject, @issuer: common names, as a terminal may print them
 */
struct cordon_validity {
	int64_t not_before;
	int64_t not_after;
	uint32_t certificates;
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];
	char subject[64];
	char issuer[64];
};

/**
 * cordon_validity_read() - of a file's bytes: DER, or PEM with whatever else between
 * Return: 0; -EINVAL: no certificate, or a damaged one; -ENOMEM; with @failure, which names no
 *	file.
 */
int cordon_validity_read(const char *text, size_t size, struct cordon_failure *failure,
			 struct cordon_validity *ret_validity);

#endif
