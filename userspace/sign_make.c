// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Signs, and looks at the result as a node will before anybody gets it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sign_certificate.h"
#include "sign_run.h"
#include "sign_write.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

#define CERTIFICATE_FILE_MAX (1U << 20)

/**
 * struct making - a message that grows by one signature after another
 * @before: what is signed already
 * @signers: certificates of those who sign now
 * @owned: what the infos of these lie in
 */
struct making {
	struct der content;
	struct cms before;
	struct sign_infos infos;
	struct cordon_trust signers;
	uint8_t *owned[CORDON_ORDER_SIGNERS_MAX];
	struct cordon_failure *failure;
};

static void clear_making(struct making *making)
{
	for (size_t i = 0; i < ARRAY_SIZE(making->owned); i++)
		free(making->owned[i]);
	cordon_trust_clear(&making->signers);
}

/* ---- certificates ------------------------------------------------------------------------ */

static int take_certificate(struct making *making, const char *path, uint8_t *bytes, size_t size)
{
	uint8_t *der CLEANUP(free) = bytes;
	struct cordon_trust *signers = &making->signers;
	struct cordon_certificate certificate, *place;
	const char *problem = sign_certificate_read(der, size, &certificate);

	if (problem)
		return cordon_fail(making->failure, -EINVAL, "%s: %s", path, problem);
	for (size_t i = 0; i < signers->nr_certificates; i++) {
		if (!memcmp(signers->certificate[i].key_digest, certificate.key_digest,
			    sizeof(certificate.key_digest)))
			return cordon_fail(making->failure, -EINVAL,
					   "%s: the same key signs already, and counts once", path);
	}
	place = array_push(signers->certificate, signers->nr_certificates);
	if (!place)
		return -ENOMEM;
	*place = certificate;
	der = NULL;
	return 0;
}

static int read_certificate(struct making *making, const char *path)
{
	struct cordon_failure problem = { .text = "" };
	char *text CLEANUP(free) = NULL;
	unsigned int line = 0;
	struct cordon_file file;
	const char *at;
	uint8_t *der;
	size_t size;
	int error = cordon_file_read(path, CERTIFICATE_FILE_MAX, &file);

	if (error)
		return cordon_fail(making->failure, error, "cannot read %s: %s", path,
				   cordon_file_problem(error));
	at = text = file.text;
	error = sign_pem_next(&at, &file.size, &line, &problem, &der, &size);
	if (error < 0)
		return cordon_fail(making->failure, error, "%s: %s", path, problem.text);
	if (!error)
		return cordon_fail(making->failure, -EINVAL, "%s: no certificate is in it, in PEM",
				   path);
	return take_certificate(making, path, der, size);
}

/* ---- signatures -------------------------------------------------------------------------- */

static bool is_same_signer(const struct cms_signer *one, const struct cms_signer *other)
{
	return der_equal(one->key_id, other->key_id) && der_equal(one->issuer, other->issuer) &&
	       der_equal(one->serial, other->serial);
}

static int add_info(struct making *making, const struct cms_signer *signer, const char *name)
{
	for (size_t i = 0; i < making->before.nr_signers; i++) {
		if (is_same_signer(&making->before.signer[i], signer))
			return cordon_fail(making->failure, -EINVAL,
					   "%s: it is signed by this already", name);
	}
	making->infos.info[making->infos.nr++] = signer->whole;
	return 0;
}

static int sign_by(struct making *making, const struct cordon_signing *with)
{
	uint8_t *bytes = NULL;
	struct cms cms;
	size_t size = 0;
	int error = read_certificate(making, with->certificate);

	if (!error)
		error = sign_run((const char *)making->content.at, making->content.size, with,
				 making->failure, &bytes, &size);
	if (error)
		return error;
	making->owned[making->signers.nr_certificates - 1] = bytes;
	error = cms_read(bytes, size, making->failure, &cms);
	return error ? -EINVAL : add_info(making, &cms.signer[0], with->certificate);
}

static int check_all(const struct making *making, const uint8_t *bytes, size_t size)
{
	struct cordon_signed message CLEANUP(signed) = { .text = NULL };
	int error = cordon_sign_open(bytes, size, &making->signers, making->failure, &message);

	if (error)
		return -EINVAL;
	if (message.nr_signers != making->signers.nr_certificates)
		return cordon_fail(making->failure, -EINVAL, "openssl signed as somebody else");
	return 0;
}

static int make(struct making *making, const struct cordon_signing *with, size_t nr,
		unsigned char **ret_cms, size_t *ret_size)
{
	uint8_t *bytes CLEANUP(free) = NULL;
	size_t size = 0;
	int error = 0;

	if (!nr || making->infos.nr + nr > CORDON_ORDER_SIGNERS_MAX)
		return cordon_fail(making->failure, -EINVAL, "from 1 to %u may sign, all in all",
				   CORDON_ORDER_SIGNERS_MAX);
	if (cms_is_attributes(making->content))
		return cordon_fail(making->failure, -EINVAL,
				   "this looks like a part of another signature");
	for (size_t i = 0; i < nr && !error; i++)
		error = sign_by(making, &with[i]);
	if (!error)
		error = sign_write(making->content, &making->infos, &bytes, &size);
	if (!error)
		error = check_all(making, bytes, size);
	if (error)
		return cordon_fail(making->failure, error, "cannot sign: %s", strerror(-error));
	*ret_cms = TAKE(bytes);
	*ret_size = size;
	return 0;
}

int cordon_sign_make(const char *text, size_t size, const struct cordon_signing *with, size_t nr,
		     struct cordon_failure *failure, unsigned char **ret_cms, size_t *ret_size)
{
	struct making making = { .content = { (const uint8_t *)text, size }, .failure = failure };
	const int error = make(&making, with, nr, ret_cms, ret_size);

	clear_making(&making);
	return error;
}

int cordon_sign_add(const void *cms, size_t size, const struct cordon_signing *with, size_t nr,
		    struct cordon_failure *failure, unsigned char **ret_cms, size_t *ret_size)
{
	struct making making = { .failure = failure };
	int error = cms_read(cms, size, failure, &making.before);

	if (error)
		return error;
	making.content = making.before.content;
	for (size_t i = 0; i < making.before.nr_signers; i++)
		making.infos.info[i] = making.before.signer[i].whole;
	making.infos.nr = making.before.nr_signers;
	error = make(&making, with, nr, ret_cms, ret_size);
	clear_making(&making);
	return error;
}
