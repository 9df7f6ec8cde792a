// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon sign: what the TPM of a node wants signed before it lets a release be
 * written down.  It follows from the node's name, from who may release it, and
 * from the number that its status shows; anchor_rule.h says how.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "anchor_rule.h"
#include "cmd_sign.h"
#include "order_text.h"
#include "sign_radix.h"
#include "sign_certificate.h"
#include "sign_run.h"
#include "util/cleanup.h"

struct anchor {
	struct cordon_trust trust;
	struct cordon_anchor_rule rule;
	uint8_t text[CORDON_ANCHOR_TEXT_SIZE];
};

static int read_number(const struct cordon_call *call, const char *text, uint64_t *ret_number)
{
	struct order_piece piece = { text, strlen(text) };

	if (order_number_take(&piece, 1, INT64_MAX, ret_number) && !piece.size)
		return 0;
	return cordon_fail(call->failure, -EINVAL,
			   "--anchor is the number of a seal, as cordon status shows it");
}

static int check_options(const struct cordon_call *call, const struct cmd_sign *sign)
{
	const char *node = sign->manifest[CMD_SIGN_NODE];

	if (!sign->manifest[CMD_SIGN_ANCHOR])
		return cordon_fail(call->failure, -EINVAL, "--anchor is missing");
	if (!node || strchr(node, ' '))
		return cordon_fail(call->failure, -EINVAL,
				   "--anchor is the number of one node's seal: --node names it");
	if (!sign->trust)
		return cordon_fail(
			call->failure, -EINVAL,
			"--trust is missing: the TPM asks for keys of the node's trust/");
	return 0;
}

static int read_anchor(const struct cordon_call *call, const struct cmd_sign *sign,
		       struct anchor *anchor)
{
	struct cordon_failure mistake = { .text = "" };
	uint32_t told = 0;
	uint64_t number;
	int error = check_options(call, sign);

	if (!error)
		error = read_number(call, sign->manifest[CMD_SIGN_ANCHOR], &number);
	if (error)
		return error;
	cordon_trust_read(sign->trust, &anchor->trust);
	if (cordon_trust_mistake_line(&anchor->trust, &told, &mistake))
		return cordon_fail(call->failure, -EINVAL, "%s", mistake.text);
	error = cordon_anchor_rule_make(&anchor->trust, sign->manifest[CMD_SIGN_NODE],
					call->failure, &anchor->rule);
	if (!error)
		cordon_anchor_text(&anchor->rule, number, &anchor->text);
	return error;
}

static bool is_by_trusted(const struct anchor *anchor, struct der signature)
{
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];

	cordon_sign_digest(anchor->text, sizeof(anchor->text), &digest);
	for (size_t i = 0; i < anchor->rule.nr_keys; i++) {
		if (sign_key_verify(&anchor->rule.key[i]->key, &digest, signature))
			return true;
	}
	return false;
}

/* Return: 0 and @ret_text, base64 */
static int sign_one(const struct cordon_call *call, const struct anchor *anchor,
		    const struct cordon_signing *with, char *ret_text)
{
	uint8_t *bytes CLEANUP(free) = NULL;
	size_t size = 0;
	int error = sign_run_bytes(anchor->text, sizeof(anchor->text), with, call->failure, &bytes,
				   &size);

	if (error)
		return error;
	if (size > SIGN_SIGNATURE_MAX || !is_by_trusted(anchor, (struct der){ bytes, size }))
		return cordon_fail(call->failure, -EINVAL,
				   "%s is none of the keys that may release the node", with->key);
	cordon_base64_write(bytes, size, ret_text);
	return 0;
}

static int sign_all(const struct cordon_call *call, const struct cmd_sign *sign,
		    const struct anchor *anchor, char *ret_text)
{
	char *at = ret_text;

	for (size_t i = 0; i < sign->nr; i++) {
		int error;

		if (i)
			*at++ = ' ';
		error = sign_one(call, anchor, &sign->with[i], at);
		if (error)
			return error;
		at += strlen(at);
	}
	return 0;
}

int cmd_sign_anchor(const struct cordon_call *call, struct cmd_sign *sign, char **ret_signatures)
{
	struct anchor *anchor CLEANUP(free) = NULL;
	char *text CLEANUP(free) = NULL;
	int error;

	if (!sign->manifest[CMD_SIGN_ANCHOR] || sign->manifest[CMD_SIGN_ANCHOR_SIGNATURES])
		return 0;
	anchor = calloc(1, sizeof(*anchor));
	text = malloc(sign->nr * (CORDON_BASE64_SIZE(SIGN_SIGNATURE_MAX) + 1) + 1);
	if (!anchor || !text)
		return -ENOMEM;
	error = read_anchor(call, sign, anchor);
	if (!error)
		error = sign_all(call, sign, anchor, text);
	cordon_trust_clear(&anchor->trust);
	if (error)
		return error;
	sign->manifest[CMD_SIGN_ANCHOR_SIGNATURES] = text;
	*ret_signatures = TAKE(text);
	return 0;
}

int cmd_sign_anchor_text(const struct cordon_call *call, const struct cmd_sign *sign)
{
	struct anchor *anchor CLEANUP(free) = calloc(1, sizeof(*anchor));
	int error;

	if (!anchor)
		return -ENOMEM;
	error = read_anchor(call, sign, anchor);
	if (!error)
		error = cmd_sign_write(call, sign, anchor->text, sizeof(anchor->text));
	cordon_trust_clear(&anchor->trust);
	return error;
}
