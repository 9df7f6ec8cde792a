// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys: RSA with PKCS #1 v1.5, and ECDSA on P-256, both with SHA-256.  A key
 * has one form only, so that two certificates of one key are seen to be that.
 */
#include "sign_key.h"

#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/rsa.h>

#define RSA_BITS_MIN 2048
#define P256_BYTES 32
#define POINT_UNCOMPRESSED 4

static size_t count_bits(struct der number)
{
	size_t bits = 8 * number.size;

	for (uint8_t mask = 0x80; number.size && mask && !(number.at[0] & mask); mask >>= 1)
		bits--;
	return bits;
}

static bool is_odd(struct der number)
{
	return number.size && number.at[number.size - 1] & 1;
}

static const char *read_rsa(struct der bits, struct der parameters, struct sign_key *key)
{
	struct der numbers;

	if (!parameters.size || !der_is_null_or_none(parameters) ||
	    !der_take(&bits, DER_SEQUENCE, &numbers) || bits.size ||
	    !der_take_unsigned(&numbers, &key->modulus) ||
	    !der_take_unsigned(&numbers, &key->exponent) || numbers.size || !is_odd(key->modulus) ||
	    !is_odd(key->exponent))
		return "its RSA key is damaged";
	if (count_bits(key->modulus) < RSA_BITS_MIN || count_bits(key->modulus) > SIGN_KEY_BITS_MAX)
		return "its RSA key is not of 2048 to 4096 bits";
	if (count_bits(key->exponent) < 17 || count_bits(key->exponent) > 64)
		return "its RSA key has an exponent below 65537, or a huge one";
	key->kind = SIGN_RSA;
	return NULL;
}

static const char *read_p256(struct der bits, struct der parameters, struct sign_key *key)
{
	struct der curve;

	if (!der_take(&parameters, DER_OID, &curve) || parameters.size || !der_is(curve, OID_P256))
		return "its key is on another curve than P-256";
	if (bits.size != 1 + 2 * P256_BYTES || bits.at[0] != POINT_UNCOMPRESSED)
		return "its key on P-256 is not written as an uncompressed point";
	key->x = (struct der){ bits.at + 1, P256_BYTES };
	key->y = (struct der){ bits.at + 1 + P256_BYTES, P256_BYTES };
	key->kind = SIGN_P256;
	return NULL;
}

const char *sign_key_read(struct der whole, struct sign_key *ret_key)
{
	struct der info, oid, parameters, bits;
	struct sign_key key = { .kind = SIGN_RSA };
	const char *problem;

	if (!der_take(&whole, DER_SEQUENCE, &info) ||
	    !der_take_algorithm(&info, &oid, &parameters) || !der_take_bits(&info, &bits) ||
	    info.size)
		return "its key is damaged";
	if (der_is(oid, OID_RSA))
		problem = read_rsa(bits, parameters, &key);
	else if (der_is(oid, OID_EC))
		problem = read_p256(bits, parameters, &key);
	else if (der_is(oid, OID_ED25519))
		problem = "its key is Ed25519, which no kernel checks; RSA or P-256 is";
	else if (der_is(oid, OID_RSA_PSS))
		problem = "its key is for RSA-PSS only, which no kernel checks; plain RSA is";
	else
		problem = "its key is neither RSA nor on P-256";
	if (!problem)
		*ret_key = key;
	return problem;
}

static void set_number(mpz_t number, struct der bytes)
{
	nettle_mpz_set_str_256_u(number, bytes.size, bytes.at);
}

/* Nettle makes the padded digest that it must be and compares all of it. */
static bool verify_rsa(const struct sign_key *key, const uint8_t *digest, struct der signature)
{
	struct rsa_public_key public;
	bool good;
	mpz_t number;

	if (signature.size != key->modulus.size)
		return false;
	rsa_public_key_init(&public);
	mpz_init(number);
	set_number(public.n, key->modulus);
	set_number(public.e, key->exponent);
	set_number(number, signature);
	good = rsa_public_key_prepare(&public) && mpz_cmp(number, public.n) < 0 &&
	       rsa_sha256_verify_digest(&public, digest, number);
	mpz_clear(number);
	rsa_public_key_clear(&public);
	return good;
}

static bool set_point(struct ecc_point *point, const struct sign_key *key)
{
	mpz_t x, y;
	bool on_curve;

	mpz_init(x);
	mpz_init(y);
	set_number(x, key->x);
	set_number(y, key->y);
	on_curve = ecc_point_set(point, x, y);
	mpz_clear(y);
	mpz_clear(x);
	return on_curve;
}

static bool verify_p256(const struct sign_key *key, const uint8_t *digest, struct der signature)
{
	struct der numbers, r, s;
	struct dsa_signature pair;
	struct ecc_point point;
	bool good;

	if (!der_take(&signature, DER_SEQUENCE, &numbers) || signature.size ||
	    !der_take_unsigned(&numbers, &r) || !der_take_unsigned(&numbers, &s) || numbers.size ||
	    r.size > P256_BYTES || s.size > P256_BYTES)
		return false;
	ecc_point_init(&point, nettle_get_secp_256r1());
	dsa_signature_init(&pair);
	set_number(pair.r, r);
	set_number(pair.s, s);
	good = set_point(&point, key) && ecdsa_verify(&point, P256_BYTES, digest, &pair);
	dsa_signature_clear(&pair);
	ecc_point_clear(&point);
	return good;
}

bool sign_key_verify(const struct sign_key *key, const uint8_t (*digest)[32], struct der signature)
{
	return key->kind == SIGN_RSA ? verify_rsa(key, *digest, signature) :
				       verify_p256(key, *digest, signature);
}
