// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a signed file, as a certificate and as PEM: whatever is taken lies
 * within them, and no signature is good that was not made.  The first byte says
 * which of the three; the last two are asked until when they may be used, too.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certificate_state.h"
#include "sign_certificate.h"
#include "sign_cms.h"
#include "sign_validity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_within(struct der part, const uint8_t *bytes, size_t size)
{
	check(!part.size || (part.at >= bytes && part.at + part.size <= bytes + size));
}

static void check_text(const char *text, size_t room)
{
	const size_t length = strnlen(text, room);

	check(length && length < room);
	for (size_t i = 0; i < length; i++)
		check((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
}

/* A name that every signature by name or by key's id may point at. */
static void trust_whoever(const struct cms *cms, struct cordon_certificate *certificate)
{
	static const uint8_t one = 1;
	const struct cms_signer *signer = &cms->signer[0];

	*certificate = (struct cordon_certificate){
		.issuer = signer->issuer,
		.serial = signer->serial,
		.key_id = signer->key_id,
		.subject = signer->issuer,
		.roles = 1,
		.key = { .kind = SIGN_P256, .x = { &one, 1 }, .y = { &one, 1 } },
	};
}

static void check_open(const uint8_t *bytes, size_t size, const struct cms *cms)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_certificate certificate;
	struct cordon_trust trust = { .certificate = &certificate, .nr_certificates = 1 };
	struct cordon_signed message;
	int error;

	trust_whoever(cms, &certificate);
	error = cordon_sign_open(bytes, size, &trust, &failure, &message);
	/* The point (1, 1) is on no curve: nobody holds this key. */
	check(error == -EKEYREJECTED);
	check_text(failure.text, sizeof(failure.text));
	trust.nr_certificates = 0;
	failure.text[0] = '\0';
	check(!cordon_sign_open(bytes, size, &trust, &failure, &message));
	check(!message.nr_signers && message.unknown == message.nr_signatures);
	check(message.size == cms->content.size && !message.text[message.size]);
	check_text(message.stranger, sizeof(message.stranger));
	check(cordon_trust_permits(&trust, &message, CORDON_ROLE_SEAL, &failure) == -ENOKEY);
	cordon_signed_clear(&message);
}

static void try_message(const uint8_t *bytes, size_t size)
{
	struct cordon_failure failure = { .text = "" };
	struct cms cms;
	const int error = cms_read(bytes, size, &failure, &cms);

	if (error) {
		check(error == -EBADMSG);
		check_text(failure.text, sizeof(failure.text));
		return;
	}
	check_within(cms.content, bytes, size);
	check(cms.nr_signers && cms.nr_signers <= CORDON_ORDER_SIGNERS_MAX);
	for (size_t i = 0; i < cms.nr_signers; i++) {
		check_within(cms.signer[i].whole, bytes, size);
		check_within(cms.signer[i].signature, bytes, size);
		check(!cms.signer[i].key_id.size == !!cms.signer[i].issuer.size);
	}
	check_open(bytes, size, &cms);
}

static void try_validity(const char *text, size_t size)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_validity validity;

	if (cordon_validity_read(text, size, &failure, &validity)) {
		check_text(failure.text, sizeof(failure.text));
		return;
	}
	check(validity.certificates);
	check_text(validity.subject, sizeof(validity.subject));
	check_text(validity.issuer, sizeof(validity.issuer));
	cordon_certificate_state(&validity, 1800000000);
}

static void try_certificate(uint8_t *bytes, size_t size)
{
	static const uint8_t digest[CORDON_SIGN_DIGEST_SIZE];
	struct cordon_certificate certificate;
	const char *problem = sign_certificate_read(bytes, size, &certificate);
	char name[64];

	if (problem) {
		check_text(problem, 512);
		return;
	}
	check_within(certificate.issuer, bytes, size);
	check_within(certificate.serial, bytes, size);
	check_within(certificate.key_id, bytes, size);
	check_within(certificate.key.modulus, bytes, size);
	check_within(certificate.key.x, bytes, size);
	sign_name_text(certificate.subject, &name);
	check_text(name, sizeof(name));
	check(!sign_key_verify(&certificate.key, &digest, certificate.serial));
}

static void try_pem(const char *text, size_t size)
{
	struct cordon_failure failure = { .text = "" };
	unsigned int line = 0;
	uint8_t *der;
	size_t length;
	int more;

	while ((more = sign_pem_next(&text, &size, &line, &failure, &der, &length)) > 0) {
		try_certificate(der, length);
		free(der);
	}
	check(!more || (more == -EINVAL && failure.text[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	if (size && (copy[0] == 'C' || copy[0] == 'P'))
		try_validity((const char *)copy + 1, size - 1);
	if (size && copy[0] == 'C')
		try_certificate(copy + 1, size - 1);
	else if (size && copy[0] == 'P')
		try_pem((const char *)copy + 1, size - 1);
	else
		try_message(copy, size);
	free(copy);
	return 0;
}
