// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose signatures are good.  A signature counts for the key that made it, and
 * a key counts once, whatever names and certificates it goes by.
 */
#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order_text.h"
#include "sign_certificate.h"
#include "sign_cms.h"
#include "util/cleanup.h"
#include "util/hex.h"

struct check {
	const struct cordon_trust *trust;
	const struct cms_signer *signer;
	struct der content;
	uint8_t content_digest[CORDON_SIGN_DIGEST_SIZE];
	struct cordon_failure *failure;
	struct cordon_signed *message;
};

/* ---- what is signed ---------------------------------------------------------------------- */

/* Return: the one value of the attribute; none if it is there twice, or has several. */
static struct der find_attribute(struct der attributes, struct der type)
{
	struct der found = { NULL, 0 }, set, attribute, oid, values;

	if (!der_next(&attributes, &set, NULL))
		return found;
	while (der_take(&set, DER_SEQUENCE, &attribute)) {
		if (!der_take(&attribute, DER_OID, &oid) || !der_equal(oid, type))
			continue;
		if (found.at || !der_take(&attribute, DER_SET, &values) || attribute.size)
			return (struct der){ NULL, 0 };
		found = values;
	}
	return set.size ? (struct der){ NULL, 0 } : found;
}

#define type_of(constant) ((struct der){ (const uint8_t *)(constant), sizeof(constant) - 1 })

/* With attributes, these are what is signed, and they name the digest of the content. */
static bool attributes_fit(const struct check *check)
{
	const struct der attributes = check->signer->attributes;
	struct der type = find_attribute(attributes, type_of(OID_CONTENT_TYPE));
	struct der value = find_attribute(attributes, type_of(OID_MESSAGE_DIGEST));
	struct der oid, digest;

	return der_take(&type, DER_OID, &oid) && !type.size && der_is(oid, OID_DATA) &&
	       der_take(&value, DER_OCTET_STRING, &digest) && !value.size &&
	       der_equal(digest,
			 (struct der){ check->content_digest, sizeof(check->content_digest) });
}

/* They stand in the message under another tag than that of the set which is signed. */
static void digest_attributes(struct der attributes, uint8_t (*ret_digest)[CORDON_SIGN_DIGEST_SIZE])
{
	static const uint8_t tag = DER_SET;
	struct sha256_ctx state;

	sha256_init(&state);
	sha256_update(&state, 1, &tag);
	sha256_update(&state, attributes.size - 1, attributes.at + 1);
	sha256_digest(&state, sizeof(*ret_digest), *ret_digest);
}

/* ---- who signed -------------------------------------------------------------------------- */

static bool is_meant(const struct cms_signer *signer, const struct cordon_certificate *certificate)
{
	if (signer->key_id.size)
		return der_equal(signer->key_id, certificate->key_id);
	return der_equal(signer->serial, certificate->serial) &&
	       der_equal(signer->issuer, certificate->issuer);
}

static const struct cordon_certificate *find_meant(const struct check *check, size_t from)
{
	for (size_t i = from; i < check->trust->nr_certificates; i++) {
		if (is_meant(check->signer, &check->trust->certificate[i]))
			return &check->trust->certificate[i];
	}
	return NULL;
}

static const char *algorithm_problem(const struct cms_signer *signer)
{
	if (der_is(signer->digest_oid, OID_SHA1))
		return "is over a SHA-1 digest; only SHA-256 is taken";
	if (!der_is(signer->digest_oid, OID_SHA256))
		return "is over another digest than SHA-256";
	if (der_is(signer->oid, OID_RSA_PSS))
		return "is RSA-PSS, which no kernel checks; PKCS #1 v1.5 is taken";
	if (der_is(signer->oid, OID_ED25519))
		return "is Ed25519, which no kernel checks; RSA and ECDSA are taken";
	if (der_is(signer->oid, OID_RSA) || der_is(signer->oid, OID_RSA_SHA256) ||
	    der_is(signer->oid, OID_ECDSA_SHA256))
		return NULL;
	return "is neither RSA nor ECDSA, with SHA-256";
}

static bool kind_fits(const struct cms_signer *signer, enum sign_kind kind)
{
	return der_is(signer->oid, OID_ECDSA_SHA256) == (kind == SIGN_P256);
}

static bool is_good(const struct check *check, const struct cordon_certificate *certificate)
{
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];

	if (!kind_fits(check->signer, certificate->key.kind))
		return false;
	if (check->signer->attributes.size)
		digest_attributes(check->signer->attributes, &digest);
	else
		memcpy(digest, check->content_digest, sizeof(digest));
	return sign_key_verify(&certificate->key, &digest, check->signer->signature);
}

/* A key may do what any of its certificates may. */
static uint32_t roles_of(const struct cordon_trust *trust, const uint8_t *key_digest)
{
	uint32_t roles = 0;

	for (size_t i = 0; i < trust->nr_certificates; i++) {
		const struct cordon_certificate *certificate = &trust->certificate[i];

		if (!memcmp(certificate->key_digest, key_digest, sizeof(certificate->key_digest)))
			roles |= certificate->roles;
	}
	return roles;
}

static void note_signer(const struct check *check, const struct cordon_certificate *certificate)
{
	struct cordon_signed *message = check->message;
	struct cordon_signer *signer = &message->signer[message->nr_signers];

	for (size_t i = 0; i < message->nr_signers; i++) {
		if (!memcmp(message->signer[i].key, certificate->key_digest,
			    sizeof(certificate->key_digest)))
			return;
	}
	memcpy(signer->key, certificate->key_digest, sizeof(signer->key));
	signer->roles = roles_of(check->trust, certificate->key_digest);
	sign_name_text(certificate->subject, &signer->subject);
	message->nr_signers++;
}

/* By whom it says it is: the issuer's name stands for the signer's, who often is the same. */
static void note_claim(const struct check *check)
{
	struct cordon_signed *message = check->message;
	char(*claim)[64] = &message->claimed[message->nr_signatures++];
	char digits[33];
	size_t size = check->signer->key_id.size;

	if (!size) {
		sign_name_text(check->signer->issuer, claim);
		return;
	}
	cordon_hex_format(check->signer->key_id.at, size < 16 ? size : 16, digits);
	snprintf(*claim, sizeof(*claim), "key %s", digits);
}

static bool is_certified_here(const struct check *check)
{
	for (size_t i = 0; i < check->trust->nr_certificates; i++) {
		if (der_equal(check->signer->issuer, check->trust->certificate[i].subject))
			return true;
	}
	return false;
}

/* Who put an authority into trust/ is to see why that is not enough. */
static void note_stranger(const struct check *check)
{
	struct cordon_signed *message = check->message;
	const char *claim = message->claimed[message->nr_signatures - 1];

	if (!message->unknown++)
		snprintf(message->stranger, sizeof(message->stranger), "%s%s",
			 is_certified_here(check) ? "one certified by " : "", claim);
}

static int check_signer(const struct check *check)
{
	const struct cordon_certificate *certificate = find_meant(check, 0);
	const char *problem = algorithm_problem(check->signer);
	char name[64];

	note_claim(check);
	if (!certificate) {
		note_stranger(check);
		return 0;
	}
	sign_name_text(certificate->subject, &name);
	if (problem)
		return cordon_fail(check->failure, -EKEYREJECTED, "the signature by %s %s", name,
				   problem);
	if (check->signer->attributes.size && !attributes_fit(check))
		return cordon_fail(check->failure, -EKEYREJECTED,
				   "the signature by %s is for another content", name);
	while (certificate && !is_good(check, certificate))
		certificate =
			find_meant(check, (size_t)(certificate - check->trust->certificate) + 1);
	if (!certificate)
		return cordon_fail(check->failure, -EKEYREJECTED,
				   "the signature by %s is wrong: it is not by this key, or the "
				   "content was changed",
				   name);
	note_signer(check, certificate);
	return 0;
}

/* ---- the message ------------------------------------------------------------------------- */

static int check_signers(struct check *check, const struct cms *cms)
{
	int error = 0;

	cordon_sign_digest(cms->content.at, cms->content.size, &check->content_digest);
	for (size_t i = 0; i < cms->nr_signers && !error; i++) {
		check->signer = &cms->signer[i];
		error = check_signer(check);
	}
	return error;
}

static char *copy_content(struct der content)
{
	char *text = malloc(content.size + 1);

	if (!text)
		return NULL;
	if (content.size)
		memcpy(text, content.at, content.size);
	text[content.size] = '\0';
	return text;
}

int cordon_sign_open(const void *bytes, size_t size, const struct cordon_trust *trust,
		     struct cordon_failure *failure, struct cordon_signed *ret_signed)
{
	struct cordon_signed message CLEANUP(signed) = { .text = NULL };
	struct check check = { .trust = trust, .failure = failure, .message = &message };
	struct cms cms;
	int error = cms_read(bytes, size, failure, &cms);

	if (!error)
		error = check_signers(&check, &cms);
	if (error)
		return error;
	message.text = copy_content(cms.content);
	if (!message.text)
		return cordon_fail(failure, -ENOMEM, "%s", strerror(ENOMEM));
	message.size = cms.content.size;
	cordon_sign_digest(bytes, size, &message.digest);
	*ret_signed = message;
	message.text = NULL;
	return 0;
}

void cordon_signed_clear(struct cordon_signed *message)
{
	free(message->text);
	*message = (struct cordon_signed){ .text = NULL };
}

/* ---- thresholds -------------------------------------------------------------------------- */

static unsigned int count_role(const struct cordon_signed *message, enum cordon_role role)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < message->nr_signers; i++)
		nr += message->signer[i].roles >> role & 1;
	return nr;
}

int cordon_trust_permits(const struct cordon_trust *trust, const struct cordon_signed *message,
			 enum cordon_role role, struct cordon_failure *failure)
{
	const unsigned int nr = count_role(message, role), needed = trust->threshold[role];
	const char *name = cordon_role_name(role), *mistake;
	uint32_t told = 0;

	if (nr && nr >= needed)
		return 0;
	if (trust->problem[role].text[0])
		return cordon_fail(failure, -EUCLEAN, "%s", trust->problem[role].text);
	/* Nobody knows whom the file with the mistake was to name. */
	if (!message->nr_signers && cordon_trust_mistake(trust, &told, &mistake))
		return cordon_fail(failure, -EUCLEAN, "%s", mistake);
	if (!trust->nr_certificates)
		return cordon_fail(failure, -ENOKEY,
				   "nobody is trusted here: no certificate is in trust/");
	if (!message->nr_signers)
		return cordon_fail(failure, -ENOKEY,
				   "nobody who is trusted here signed it; it says it is by %s",
				   message->stranger);
	if (!trust->keys[role])
		return cordon_fail(failure, -EPERM,
				   "nobody is trusted with %s here: there is no %s.pem", name,
				   name);
	if (!nr)
		return cordon_fail(failure, -EPERM,
				   "it is signed by %s, who is not trusted with %s",
				   message->signer[0].subject, name);
	return cordon_fail(failure, -EDQUOT, "%u of the %u keys that it takes for %s signed it", nr,
			   needed, name);
}
