/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DER (X.690, chapter 10), read piece by piece out of bytes that anybody may
 * have written: only lengths that are said, in their shortest form, and within
 * what holds them.  Nothing is copied.  It knows no certificate and no message.
 */
#ifndef CORDON_SIGN_DER_H
#define CORDON_SIGN_DER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum der_tag {
	DER_NONE = 0x00, /* where the bytes end, or are no DER */
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_PRINTABLE = 0x13,
	DER_IA5 = 0x16,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0_PLAIN = 0x80,
	DER_CONTEXT_0 = 0xa0,
	DER_CONTEXT_1 = 0xa1,
	DER_CONTEXT_3 = 0xa3,
};

/** struct der - bytes, nothing is owned; also what is left of them to read */
struct der {
	const uint8_t *at;
	size_t size;
};

/** der_peek() - tag of what comes next */
uint8_t der_peek(struct der bytes);

/**
 * der_next() - whatever comes next, and move on
 * @ret_content: without tag and length; NULL: not wanted
 * @ret_whole: with them; NULL: not wanted
 * Return: false: nothing comes, or no DER; then nothing is changed.
 */
bool der_next(struct der *bytes, struct der *ret_content, struct der *ret_whole);

/** der_take() - the same, but only of this tag */
bool der_take(struct der *bytes, uint8_t tag, struct der *ret_content);
bool der_take_whole(struct der *bytes, uint8_t tag, struct der *ret_whole);

/** der_skip() - leave out what comes next if it has this tag
 * Return: false: it has, but is no DER. */
bool der_skip(struct der *bytes, uint8_t tag);

/** der_take_number() - an INTEGER of one byte, from 0 to 127 */
bool der_take_number(struct der *bytes, unsigned int *ret_number);

/** der_take_unsigned() - an INTEGER above 0: its bytes without a zero before them */
bool der_take_unsigned(struct der *bytes, struct der *ret_number);

/** der_take_bits() - a BIT STRING of whole bytes */
bool der_take_bits(struct der *bytes, struct der *ret_bits);

/** der_take_algorithm() - an AlgorithmIdentifier: an OID and, perhaps, parameters */
bool der_take_algorithm(struct der *bytes, struct der *ret_oid, struct der *ret_parameters);

bool der_equal(struct der one, struct der other);

/** der_is() - compare with the content of an OID: der_is(oid, OID_SHA256) */
#define der_is(bytes, constant)                                                                    \
	der_equal((bytes), (struct der){ (const uint8_t *)(constant), sizeof(constant) - 1 })

/** der_is_null_or_none() - what parameters of an algorithm that needs none may be */
bool der_is_null_or_none(struct der parameters);

#define OID_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"
#define OID_SIGNED_DATA "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
#define OID_CONTENT_TYPE "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03"
#define OID_MESSAGE_DIGEST "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04"
#define OID_SHA1 "\x2b\x0e\x03\x02\x1a"
#define OID_SHA256 "\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define OID_RSA "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
#define OID_RSA_PSS "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
#define OID_RSA_SHA256 "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
#define OID_EC "\x2a\x86\x48\xce\x3d\x02\x01"
#define OID_P256 "\x2a\x86\x48\xce\x3d\x03\x01\x07"
#define OID_ECDSA_SHA256 "\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define OID_ED25519 "\x2b\x65\x70"
#define OID_COMMON_NAME "\x55\x04\x03"
#define OID_KEY_ID "\x55\x1d\x0e"
#define OID_KEY_USAGE "\x55\x1d\x0f"
#define OID_CONSTRAINTS "\x55\x1d\x13"

#endif
