// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes a SignedData apart, in DER only: a message has one form, and nothing
 * before, after or within it that is not looked at or skipped by name.
 */
#include "sign_cms.h"

#include <errno.h>
#include <string.h>

#define refuse(failure, ...) cordon_fail(failure, -EBADMSG, __VA_ARGS__)

/* What people hand in instead of DER. */
static int refuse_start(struct der bytes, struct cordon_failure *failure)
{
	static const struct {
		const char *begins;
		const char *text;
	} known[] = {
		{ "-----BEGIN", "it is PEM; a signed order is DER: openssl cms -outform DER" },
		{ "MIME-Version", "it is S/MIME; a signed order is DER: openssl cms -outform DER" },
		{ "To:", "it is S/MIME; a signed order is DER: openssl cms -outform DER" },
		{ CORDON_ORDER_HEAD, "it is an order that nobody signed" },
		{ "cordon:", "it is a policy that nobody signed" },
	};

	if (!bytes.size)
		return refuse(failure, "it is empty");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const size_t length = strlen(known[i].begins);

		if (bytes.size >= length && !memcmp(bytes.at, known[i].begins, length))
			return refuse(failure, "%s", known[i].text);
	}
	if (bytes.size >= 2 && bytes.at[0] == DER_SEQUENCE && bytes.at[1] == 0x80)
		return refuse(failure, "it was streamed (BER): openssl cms without -stream");
	return refuse(failure, bytes.at[0] == DER_SEQUENCE ? "it is cut short, or no DER" :
							     "it is no CMS message");
}

static bool read_signer_name(struct der *info, unsigned int version, struct cms_signer *signer)
{
	struct der name;

	if (version == 3)
		return der_take(info, DER_CONTEXT_0_PLAIN, &signer->key_id) && signer->key_id.size;
	return version == 1 && der_take(info, DER_SEQUENCE, &name) &&
	       der_take_whole(&name, DER_SEQUENCE, &signer->issuer) &&
	       der_take(&name, DER_INTEGER, &signer->serial) && signer->serial.size && !name.size;
}

static bool read_signer(struct der info, struct cms_signer *signer)
{
	struct der digest_parameters, parameters;
	unsigned int version;

	if (!der_take_number(&info, &version) || !read_signer_name(&info, version, signer) ||
	    !der_take_algorithm(&info, &signer->digest_oid, &digest_parameters))
		return false;
	if (der_peek(info) == DER_CONTEXT_0 &&
	    !der_take_whole(&info, DER_CONTEXT_0, &signer->attributes))
		return false;
	if (!der_take_algorithm(&info, &signer->oid, &parameters) ||
	    !der_take(&info, DER_OCTET_STRING, &signer->signature) ||
	    !der_skip(&info, DER_CONTEXT_1) || info.size)
		return false;
	/* Parameters that say something would say something else than the OID does alone. */
	if (!der_is_null_or_none(digest_parameters))
		signer->digest_oid.size = 0;
	if (!der_is_null_or_none(parameters) && !der_is(signer->oid, OID_RSA_PSS))
		signer->oid.size = 0;
	return true;
}

static int read_signers(struct der infos, struct cordon_failure *failure, struct cms *cms)
{
	while (infos.size) {
		struct cms_signer *signer = &cms->signer[cms->nr_signers];
		struct der content;

		if (cms->nr_signers == CORDON_ORDER_SIGNERS_MAX)
			return refuse(failure, "it has more than %u signatures",
				      CORDON_ORDER_SIGNERS_MAX);
		if (der_peek(infos) != DER_SEQUENCE ||
		    !der_next(&infos, &content, &signer->whole) || !read_signer(content, signer))
			return refuse(failure, "signature %zu in it is damaged",
				      cms->nr_signers + 1);
		cms->nr_signers++;
	}
	return cms->nr_signers ? 0 : refuse(failure, "nobody signed it: it has no signature");
}

static int read_content(struct der *data, struct cordon_failure *failure, struct cms *cms)
{
	struct der info, type, explicit;

	if (!der_take(data, DER_SEQUENCE, &info) || !der_take(&info, DER_OID, &type))
		return refuse(failure, "it is damaged where its content begins");
	if (!der_is(type, OID_DATA))
		return refuse(failure, "its content is not plain data: no other message may be "
				       "signed in it");
	if (!info.size)
		return refuse(failure, "its content is not in it: openssl cms with -nodetach");
	if (!der_take(&info, DER_CONTEXT_0, &explicit) || info.size ||
	    !der_take(&explicit, DER_OCTET_STRING, &cms->content) || explicit.size)
		return refuse(failure, "its content is not one piece of DER");
	if (cms_is_attributes(cms->content))
		return refuse(failure, "its content is that of another signature's attributes");
	return 0;
}

static int read_signed_data(struct der data, struct cordon_failure *failure, struct cms *cms)
{
	struct der infos;
	unsigned int version;
	int error;

	if (!der_take_number(&data, &version) || (version != 1 && version != 3))
		return refuse(failure, "it is a SignedData of a version that is not known");
	if (!der_take(&data, DER_SET, NULL))
		return refuse(failure, "it is damaged where its digests are named");
	error = read_content(&data, failure, cms);
	if (error)
		return error;
	if (!der_skip(&data, DER_CONTEXT_0) || !der_skip(&data, DER_CONTEXT_1) ||
	    !der_take(&data, DER_SET, &infos) || data.size)
		return refuse(failure, "it is damaged after its content");
	return read_signers(infos, failure, cms);
}

int cms_read(const void *bytes, size_t size, struct cordon_failure *failure, struct cms *ret_cms)
{
	struct der rest = { bytes, size }, info, type, explicit, data;

	*ret_cms = (struct cms){ .nr_signers = 0 };
	if (!der_take(&rest, DER_SEQUENCE, &info))
		return refuse_start(rest, failure);
	if (rest.size)
		return refuse(failure, "%zu bytes follow after its end", rest.size);
	if (!der_take(&info, DER_OID, &type))
		return refuse(failure, "it is no CMS message");
	if (!der_is(type, OID_SIGNED_DATA))
		return refuse(failure, "it is a CMS message of another type than SignedData");
	if (!der_take(&info, DER_CONTEXT_0, &explicit) || info.size ||
	    !der_take(&explicit, DER_SEQUENCE, &data) || explicit.size)
		return refuse(failure, "it is damaged at its beginning, or was streamed (BER)");
	return read_signed_data(data, failure, ret_cms);
}

bool cms_is_attributes(struct der content)
{
	struct der set, attribute, oid;

	return der_take(&content, DER_SET, &set) && !content.size &&
	       (!set.size ||
		(der_take(&set, DER_SEQUENCE, &attribute) && der_take(&attribute, DER_OID, &oid)));
}
