/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CMS SignedData (RFC 5652), taken apart: what is signed, and by whom it says
 * that it is.  It checks no signature.
 */
#ifndef CORDON_SIGN_CMS_H
#define CORDON_SIGN_CMS_H

#include <cordon/order.h>

#include "sign_der.h"
#include "util/failure.h"

/**
 * struct cms_signer - a SignerInfo; nothing is owned
 * @whole: all of it
 * @issuer, @serial: of the signer's certificate, if it is named so
 * @key_id: or this one
 * @digest_oid, @oid: algorithms, with parameters that are none
 * @attributes: with their tag, which is SET in what is signed; empty: none
 */
struct cms_signer {
	struct der whole;
	struct der issuer;
	struct der serial;
	struct der key_id;
	struct der digest_oid;
	struct der attributes;
	struct der oid;
	struct der signature;
};

/** struct cms - a message; nothing is owned */
struct cms {
	struct der content;
	struct cms_signer signer[CORDON_ORDER_SIGNERS_MAX];
	size_t nr_signers;
};

/** cms_read() - Return: 0; -EBADMSG with @failure, and then @ret_cms means nothing. */
int cms_read(const void *bytes, size_t size, struct cordon_failure *failure, struct cms *ret_cms);

/** cms_is_attributes() - whether a content is what a signature over attributes is made of */
bool cms_is_attributes(struct der content);

#endif
