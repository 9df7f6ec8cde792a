// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads X.509 (RFC 5280).  A certificate stands for its key and for no other
 * that the key may have certified.
 */
#include "sign_certificate.h"

#include <stdio.h>
#include <string.h>

#include "order_text.h"
#include "util/utf8.h"

#define DAMAGED "it is damaged"

/* Bit 0 of a BIT STRING is the first byte's highest: digitalSignature, then nonRepudiation. */
#define USAGE_SIGNATURE 0xc0

struct extensions {
	struct der key_id;
	bool authority;
	bool no_signatures;
};

static bool read_authority(struct der value, struct extensions *extensions)
{
	struct der constraints, flag;

	if (!der_take(&value, DER_SEQUENCE, &constraints) || value.size)
		return false;
	if (der_take(&constraints, DER_BOOLEAN, &flag))
		extensions->authority = flag.size != 1 || flag.at[0];
	return true;
}

static bool read_usage(struct der value, struct extensions *extensions)
{
	struct der bits;

	if (!der_take(&value, DER_BIT_STRING, &bits) || value.size || !bits.size)
		return false;
	extensions->no_signatures = bits.size < 2 || !(bits.at[1] & USAGE_SIGNATURE);
	return true;
}

static bool read_extension(struct der extension, struct extensions *extensions)
{
	struct der oid, value;

	if (!der_take(&extension, DER_OID, &oid) || !der_skip(&extension, DER_BOOLEAN) ||
	    !der_take(&extension, DER_OCTET_STRING, &value) || extension.size)
		return false;
	if (der_is(oid, OID_CONSTRAINTS))
		return read_authority(value, extensions);
	if (der_is(oid, OID_KEY_USAGE))
		return read_usage(value, extensions);
	if (der_is(oid, OID_KEY_ID))
		return der_take(&value, DER_OCTET_STRING, &extensions->key_id) && !value.size;
	return true;
}

static bool read_extensions(struct der rest, struct extensions *extensions)
{
	struct der explicit, list, extension;

	if (!rest.size)
		return true;
	if (!der_take(&rest, DER_CONTEXT_3, &explicit) || rest.size ||
	    !der_take(&explicit, DER_SEQUENCE, &list) || explicit.size)
		return false;
	while (list.size) {
		if (!der_take(&list, DER_SEQUENCE, &extension) ||
		    !read_extension(extension, extensions))
			return false;
	}
	return true;
}

/* What is issued and issues others stands for them, too, in the eyes of whoever put it there. */
static const char *judge(const struct cordon_certificate *certificate,
			 const struct extensions *extensions)
{
	if (extensions->authority && !der_equal(certificate->issuer, certificate->subject))
		return "it is of an authority that issues others (CA:TRUE); each signer's own "
		       "certificate belongs here";
	if (extensions->no_signatures)
		return "its key usage does not allow signatures; an authority's certificate is of "
		       "no use here, each signer's own is";
	return NULL;
}

static const char *read_fields(struct der fields, struct cordon_certificate *certificate)
{
	struct extensions extensions = { .authority = false };
	struct der key, whole;
	const char *problem;

	if (!der_skip(&fields, DER_CONTEXT_0) ||
	    !der_take(&fields, DER_INTEGER, &certificate->serial) || !certificate->serial.size ||
	    !der_take(&fields, DER_SEQUENCE, NULL) ||
	    !der_take_whole(&fields, DER_SEQUENCE, &certificate->issuer) ||
	    !der_take(&fields, DER_SEQUENCE, NULL) ||
	    !der_take_whole(&fields, DER_SEQUENCE, &certificate->subject) ||
	    !der_take_whole(&fields, DER_SEQUENCE, &key))
		return DAMAGED;
	/* Unique identifiers of issuer and subject, which nobody uses. */
	while (fields.size && der_peek(fields) != DER_CONTEXT_3) {
		if (!der_next(&fields, NULL, &whole))
			return DAMAGED;
	}
	if (!read_extensions(fields, &extensions))
		return DAMAGED;
	certificate->key_id = extensions.key_id;
	problem = judge(certificate, &extensions);
	if (!problem)
		problem = sign_key_read(key, &certificate->key);
	cordon_sign_digest(key.at, key.size, &certificate->key_digest);
	return problem;
}

const char *sign_certificate_read(uint8_t *der, size_t size,
				  struct cordon_certificate *ret_certificate)
{
	struct cordon_certificate certificate = { .der = der, .size = size };
	struct der bytes = { der, size }, outer, fields;
	const char *problem;

	if (!der_take(&bytes, DER_SEQUENCE, &outer) || bytes.size ||
	    !der_take(&outer, DER_SEQUENCE, &fields) || !der_take(&outer, DER_SEQUENCE, NULL) ||
	    !der_take(&outer, DER_BIT_STRING, NULL) || outer.size)
		return DAMAGED;
	problem = read_fields(fields, &certificate);
	if (!problem)
		*ret_certificate = certificate;
	return problem;
}

/* ---- names ------------------------------------------------------------------------------- */

static bool is_readable(uint8_t tag, struct der text)
{
	if (tag != DER_UTF8 && tag != DER_PRINTABLE && tag != DER_IA5)
		return false;
	return text.size &&
	       !order_text_problem((struct order_piece){ (const char *)text.at, text.size });
}

/* Cut between two characters. */
static void copy_text(struct der text, char (*ret_text)[64])
{
	size_t size = 0, length;
	uint32_t rune;

	while (size < text.size) {
		length = utf8_decode(text.at + size, text.size - size, &rune);
		if (!length || size + length >= sizeof(*ret_text))
			break;
		size += length;
	}
	memcpy(*ret_text, text.at, size);
	(*ret_text)[size] = '\0';
}

/* Return: whether this is a common name that can be shown. */
static bool read_common_name(struct der set, char (*ret_text)[64])
{
	struct der pair, oid, text;
	uint8_t tag;

	if (!der_take(&set, DER_SEQUENCE, &pair) || !der_take(&pair, DER_OID, &oid) ||
	    !der_is(oid, OID_COMMON_NAME))
		return false;
	tag = der_peek(pair);
	if (!der_next(&pair, &text, NULL) || !is_readable(tag, text))
		return false;
	copy_text(text, ret_text);
	return true;
}

void sign_name_text(struct der name, char (*ret_text)[64])
{
	struct der parts, set;

	snprintf(*ret_text, sizeof(*ret_text), "(no common name)");
	if (!der_take(&name, DER_SEQUENCE, &parts))
		return;
	while (der_take(&parts, DER_SET, &set)) {
		if (read_common_name(set, ret_text))
			return;
	}
}
