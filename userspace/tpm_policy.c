// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions that prove a policy to the TPM: Part 3, chapters 11, 12 and 23; see
 * tpm.h.
 */
#include <errno.h>

#include "tpm.h"

#define RIGHTS_NULL 0x40000007
#define POLICY_SESSION 0x01
#define NONCE_SIZE 16

/* Part 2, 8.3: TPMA_OBJECT; it only checks, and is never asked for an authorisation */
#define OBJECT_SIGN (1U << 18)
#define OBJECT_USER_WITH_AUTH (1U << 6)

#define CURVE_P256 0x0003
#define RSA_EXPONENT_DEFAULT 65537

static void put_rsa(struct tpm_out *out, const struct sign_key *key)
{
	uint64_t exponent = 0;

	for (size_t i = 0; i < key->exponent.size; i++)
		exponent = exponent << 8 | key->exponent.at[i];
	tpm_put_u16(out, TPM_ALG_NULL);
	tpm_put_u16(out, TPM_ALG_NULL);
	tpm_put_u16(out, (uint16_t)(8 * key->modulus.size));
	/* Zero stands for the one that every TPM has; none has one of more than 32 bits. */
	if (exponent >> 32)
		out->over = true;
	tpm_put_u32(out, exponent == RSA_EXPONENT_DEFAULT ? 0 : (uint32_t)exponent);
	tpm_put_sized(out, key->modulus.at, key->modulus.size);
}

static void put_p256(struct tpm_out *out, const struct sign_key *key)
{
	tpm_put_u16(out, TPM_ALG_NULL);
	tpm_put_u16(out, TPM_ALG_NULL);
	tpm_put_u16(out, CURVE_P256);
	tpm_put_u16(out, TPM_ALG_NULL);
	tpm_put_sized(out, key->x.at, key->x.size);
	tpm_put_sized(out, key->y.at, key->y.size);
}

/* Part 2, 12.2.4 */
void tpm_put_public(struct tpm_out *out, const struct sign_key *key)
{
	tpm_put_u16(out, key->kind == SIGN_RSA ? TPM_ALG_RSA : TPM_ALG_ECC);
	tpm_put_u16(out, TPM_ALG_SHA256);
	tpm_put_u32(out, OBJECT_SIGN | OBJECT_USER_WITH_AUTH);
	tpm_put_sized(out, NULL, 0);
	if (key->kind == SIGN_RSA)
		put_rsa(out, key);
	else
		put_p256(out, key);
}

/* The nonce guards a channel that is not used: what is signed has none in it. */
int cordon_tpm_session(struct cordon_tpm *tpm, struct cordon_failure *failure,
		       uint32_t *ret_session)
{
	static const uint8_t nonce[NONCE_SIZE];
	struct tpm_out out;
	struct tpm_in in;

	tpm_begin(&out, TPM_START_AUTH_SESSION, false);
	tpm_put_u32(&out, RIGHTS_NULL);
	tpm_put_u32(&out, RIGHTS_NULL);
	tpm_put_sized(&out, nonce, sizeof(nonce));
	tpm_put_sized(&out, NULL, 0);
	tpm_put_u8(&out, POLICY_SESSION);
	tpm_put_u16(&out, TPM_ALG_NULL);
	tpm_put_u16(&out, TPM_ALG_SHA256);
	return tpm_call(tpm, &out, failure, ret_session, &in);
}

int cordon_tpm_load_key(struct cordon_tpm *tpm, const struct sign_key *key,
			struct cordon_failure *failure, uint32_t *ret_key)
{
	struct tpm_out out, public = { .size = 0 };
	struct tpm_in in;

	tpm_put_public(&public, key);
	tpm_begin(&out, TPM_LOAD_EXTERNAL, false);
	tpm_put_sized(&out, NULL, 0);
	tpm_put_sized(&out, public.bytes, public.size);
	tpm_put_u32(&out, RIGHTS_NULL);
	out.over |= public.over;
	return tpm_call(tpm, &out, failure, ret_key, &in);
}

void cordon_tpm_flush(struct cordon_tpm *tpm, uint32_t handle)
{
	struct cordon_failure unsaid = { .text = "" };
	struct tpm_out out;
	struct tpm_in in;

	tpm_begin(&out, TPM_FLUSH_CONTEXT, false);
	tpm_put_u32(&out, handle);
	tpm_call(tpm, &out, &unsaid, NULL, &in);
}

/* Part 2, 11.3.4: TPMT_SIGNATURE. Return: false: it is no such signature */
static bool put_signature(struct tpm_out *out, const struct sign_key *key, struct der signature)
{
	struct der numbers, r, s;

	tpm_put_u16(out, key->kind == SIGN_RSA ? TPM_ALG_RSASSA : TPM_ALG_ECDSA);
	tpm_put_u16(out, TPM_ALG_SHA256);
	if (key->kind == SIGN_RSA) {
		tpm_put_sized(out, signature.at, signature.size);
		return true;
	}
	if (!der_take(&signature, DER_SEQUENCE, &numbers) || !der_take_unsigned(&numbers, &r) ||
	    !der_take_unsigned(&numbers, &s))
		return false;
	tpm_put_sized(out, r.at, r.size);
	tpm_put_sized(out, s.at, s.size);
	return true;
}

int cordon_tpm_policy_signed(struct cordon_tpm *tpm, uint32_t session, const struct sign_key *key,
			     const uint8_t *what, const uint8_t *reference, struct der signature,
			     struct cordon_failure *failure)
{
	struct tpm_out out;
	struct tpm_in in;
	uint32_t handle;
	int error = cordon_tpm_load_key(tpm, key, failure, &handle);

	if (error)
		return error;
	tpm_begin(&out, TPM_POLICY_SIGNED, false);
	tpm_put_u32(&out, handle);
	tpm_put_u32(&out, session);
	tpm_put_sized(&out, NULL, 0);
	tpm_put_sized(&out, what, TPM_DIGEST_SIZE);
	tpm_put_sized(&out, reference, TPM_DIGEST_SIZE);
	tpm_put_u32(&out, 0);
	error = put_signature(&out, key, signature) ?
			tpm_call(tpm, &out, failure, NULL, &in) :
			cordon_fail(failure, -EKEYREJECTED, "a signature for the TPM is damaged");
	cordon_tpm_flush(tpm, handle);
	return error;
}

int cordon_tpm_policy_or(struct cordon_tpm *tpm, uint32_t session,
			 const uint8_t (*digest)[TPM_DIGEST_SIZE], size_t nr,
			 struct cordon_failure *failure)
{
	struct tpm_out out;
	struct tpm_in in;

	tpm_begin(&out, TPM_POLICY_OR, false);
	tpm_put_u32(&out, session);
	tpm_put_u32(&out, (uint32_t)nr);
	for (size_t i = 0; i < nr; i++)
		tpm_put_sized(&out, digest[i], TPM_DIGEST_SIZE);
	return tpm_call(tpm, &out, failure, NULL, &in);
}

int cordon_tpm_policy_unwritten(struct cordon_tpm *tpm, uint32_t session,
				struct cordon_failure *failure)
{
	struct tpm_out out;
	struct tpm_in in;

	tpm_begin(&out, TPM_POLICY_NV_WRITTEN, false);
	tpm_put_u32(&out, session);
	tpm_put_u8(&out, 0);
	return tpm_call(tpm, &out, failure, NULL, &in);
}
