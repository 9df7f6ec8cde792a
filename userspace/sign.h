/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signatures: who is trusted with what, who signed an order, and signing.
 * The only part that knows the crypto library, whose types do not leave it.
 * It must not look at what is signed, ask a clock, or read a configuration.
 */
#ifndef CORDON_SIGN_H
#define CORDON_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "order.h"
#include "util/failure.h"

#define CORDON_TRUST_FOLDER "/etc/cordon/trust"
#define CORDON_TRUST_CERTIFICATES_MAX 256
#define CORDON_SIGN_DIGEST_SIZE 32 /* SHA-256 */

/**
 * struct cordon_trust - the folder trust/: ROLE.pem holds the certificates that
 *	may do each, `threshold` lines of "ROLE NUMBER" (1 where there is none),
 *	`node` lines of "node: NAME" and "fleet: NAMES"
 * @certificate: owned, opaque
 * @keys: by role, how many distinct keys may sign; 0: nobody may
 * @threshold: by role, how many of them must
 * @problem: by role, the mistake for which nobody has it, with file and line; "": none
 * @node: "" where the folder names none
 */
struct cordon_trust {
	struct cordon_certificate *certificate;
	size_t nr_certificates;
	unsigned int keys[CORDON_ROLE_COUNT];
	unsigned int threshold[CORDON_ROLE_COUNT];
	struct cordon_failure problem[CORDON_ROLE_COUNT];
	char node[64];
	char fleets[CORDON_ORDER_NAMES_MAX + 1];
};

/**
 * cordon_trust_read() - who is trusted with what; a folder that is not there trusts nobody
 *
 * It cannot fail but towards less trust.  A mistake in ROLE.pem, or in the line of `threshold`
 * that names the role, closes that role; any other in `threshold` and any in `node` closes all:
 * whom it was about is not known.
 *
 * @ret_trust: the caller's to clear
 */
void cordon_trust_read(const char *folder, struct cordon_trust *ret_trust);

/**
 * cordon_trust_mistake() - the mistakes in it, one after another
 * @told: roles of those before, at first 0; those of this one are added
 * @ret_mistake: what it is, in @trust; NULL: there is none any more
 * Return: roles that it closes, bit by enum cordon_role; 0: none.
 */
uint32_t cordon_trust_mistake(const struct cordon_trust *trust, uint32_t *told,
			      const char **ret_mistake);

/** cordon_trust_mistake_line() - the same for people, with the roles that it closes
 * Return: false: there is none any more.
 */
bool cordon_trust_mistake_line(const struct cordon_trust *trust, uint32_t *told,
			       struct cordon_failure *ret_line);

/**
 * cordon_trust_certificate() - one certificate of a role
 * @index: below nr_certificates
 * @ret_der: in @trust
 * Return: false: that one has not the role.
 */
bool cordon_trust_certificate(const struct cordon_trust *trust, size_t index, enum cordon_role role,
			      const void **ret_der, size_t *ret_size);

void cordon_trust_clear(struct cordon_trust *trust);

static inline void cleanup_trust(struct cordon_trust *trust)
{
	cordon_trust_clear(trust);
}

/**
 * struct cordon_signer - one signature that is good
 * @key: SHA-256 of the key's SubjectPublicKeyInfo: two certificates of one key are one
 * @roles: bit by enum cordon_role: what the key is trusted with
 * @subject: common name of the certificate, for people
 */
struct cordon_signer {
	uint8_t key[32];
	uint32_t roles;
	char subject[64];
};

/**
 * struct cordon_signed - a signed text
 * @text: owned, a NUL behind the last byte
 * @signer: distinct keys
 * @unknown: signatures by nobody in trust/
 * @stranger: whom the first of these says it is by, for people
 * @claimed: whom each signature says it is by, good or not
 * @digest: SHA-256 of the whole file
 */
struct cordon_signed {
	char *text;
	size_t size;
	struct cordon_signer signer[CORDON_ORDER_SIGNERS_MAX];
	size_t nr_signers;
	size_t unknown;
	char stranger[96];
	char claimed[CORDON_ORDER_SIGNERS_MAX][64];
	size_t nr_signatures;
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];
};

/**
 * cordon_sign_open() - check a CMS SignedData against a trust
 *
 * Every signature by a trusted key must be good; others are only counted.
 *
 * Return: 0; -EBADMSG: no CMS SignedData, cut short, padded or without content;
 *	-EKEYREJECTED: a signature by a trusted key is wrong; -ENOMEM; with @failure.
 */
int cordon_sign_open(const void *cms, size_t size, const struct cordon_trust *trust,
		     struct cordon_failure *failure, struct cordon_signed *ret_signed);
void cordon_signed_clear(struct cordon_signed *message);

static inline void cleanup_signed(struct cordon_signed *message)
{
	cordon_signed_clear(message);
}

/**
 * cordon_trust_permits() - did enough distinct keys of a role sign?
 * Return: 0; -EUCLEAN: what trust/ says of the role, or of whoever signed, has a mistake in it;
 *	-ENOKEY: signed by nobody who is trusted with anything; -EPERM: trusted with other
 *	roles only; -EDQUOT: too few of this one; each with its own @failure.
 */
int cordon_trust_permits(const struct cordon_trust *trust, const struct cordon_signed *message,
			 enum cordon_role role, struct cordon_failure *failure);

/**
 * struct cordon_signing - a certificate, a PEM file, and its key, whatever openssl takes
 *
 * A passphrase is asked for by openssl, on the terminal, or read from standard
 * input where there is none.
 */
struct cordon_signing {
	const char *certificate;
	const char *key;
};

/**
 * cordon_sign_make() - sign a text, by the program openssl
 * @ret_cms: DER, the caller's to free
 * Return: 0; -EINVAL: key and certificate do not fit, or are of a kind that no node
 *	accepts; -ENOENT: there is no openssl, or no such file; -errno; with @failure.
 */
int cordon_sign_make(const char *text, size_t size, const struct cordon_signing *with, size_t nr,
		     struct cordon_failure *failure, unsigned char **ret_cms, size_t *ret_size);

/** cordon_sign_add() - the same for what is signed already, by others; also -EBADMSG */
int cordon_sign_add(const void *cms, size_t size, const struct cordon_signing *with, size_t nr,
		    struct cordon_failure *failure, unsigned char **ret_cms, size_t *ret_size);

/** cordon_sign_digest() - SHA-256 */
void cordon_sign_digest(const void *data, size_t size,
			uint8_t (*ret_digest)[CORDON_SIGN_DIGEST_SIZE]);

/** cordon_sign_random() - for a challenge or a code. Return: 0 or -EIO */
int cordon_sign_random(void *bytes, size_t size);

#endif
