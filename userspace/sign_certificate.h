/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * X.509 certificates, as the names of keys: whom a key belongs to and how a
 * signature points at it.  Who issued one, and until when, does not matter.
 */
#ifndef CORDON_SIGN_CERTIFICATE_H
#define CORDON_SIGN_CERTIFICATE_H

#include "sign.h"
#include "sign_key.h"

/**
 * struct cordon_certificate - one certificate
 * @der: owned; the rest points into it
 * @issuer: its Name, tag and length included
 * @serial: content of the INTEGER
 * @key_id: content of the extension subjectKeyIdentifier; empty: there is none
 * @roles: bit by enum cordon_role; of the trust that holds it
 */
struct cordon_certificate {
	uint8_t *der;
	size_t size;
	struct der issuer;
	struct der subject;
	struct der serial;
	struct der key_id;
	struct sign_key key;
	uint8_t key_digest[CORDON_SIGN_DIGEST_SIZE];
	uint32_t roles;
};

/**
 * sign_certificate_read() - take bytes as a certificate
 * @der: owned by @ret_certificate if it is one
 * Return: NULL and @ret_certificate, or why it cannot be trusted: a sentence about it.
 */
const char *sign_certificate_read(uint8_t *der, size_t size,
				  struct cordon_certificate *ret_certificate);

/** sign_name_text() - common name out of a Name, for people */
void sign_name_text(struct der name, char (*ret_text)[64]);

/**
 * sign_pem_next() - the next certificate in a text; what stands between is left out
 * @text, @size: what is left; both move on
 * @line: counted up
 * @ret_der: the caller's to free
 * Return: 1; 0: that was all; -EINVAL with @failure, which names no file; -ENOMEM.
 */
int sign_pem_next(const char **text, size_t *size, unsigned int *line,
		  struct cordon_failure *failure, uint8_t **ret_der, size_t *ret_size);

#endif
