/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the subcommands of `cordon sign` share.  All of it works off the node,
 * without root and without a kernel that knows Cordon.
 */
#ifndef CORDON_CMD_SIGN_H
#define CORDON_CMD_SIGN_H

#include "command.h"
#include "sign.h"

/**
 * struct cmd_sign - options of those that sign
 * @with, @nr: pairs of --cert and --key
 * @out: -o
 * @trust: --trust: the folder that the node has
 * @manifest: by place in cmd_sign_fields[]: what was given for each, NULL: nothing
 */
#define CMD_SIGN_FIELDS 11
#define CMD_SIGN_NODE 0
#define CMD_SIGN_ANCHOR 9
#define CMD_SIGN_ANCHOR_SIGNATURES 10
struct cmd_sign {
	struct cordon_signing with[CORDON_ORDER_SIGNERS_MAX];
	size_t nr;
	const char *out;
	const char *trust;
	bool force;
	const char *manifest[CMD_SIGN_FIELDS];
};

/**
 * cmd_sign_manifest() - options to an order, checked as a node checks it
 * @action: as in a manifest
 * Return: 0; -EINVAL with call->failure.
 */
int cmd_sign_manifest(const struct cordon_call *call, const struct cmd_sign *sign,
		      const char *action, struct cordon_order *ret_order);

/** cmd_sign_finish() - sign @text, whose order this is; write it to -o and say so */
int cmd_sign_finish(const struct cordon_call *call, const struct cmd_sign *sign,
		    const struct cordon_order *order, const char *text, size_t size);

/** cmd_sign_read() - a signed file, opened with a trust */
int cmd_sign_read(const struct cordon_call *call, const char *path,
		  const struct cordon_trust *trust, struct cordon_signed *ret_message);

/** cmd_sign_write() - a file whole or not at all, at -o */
int cmd_sign_write(const struct cordon_call *call, const struct cmd_sign *sign, const void *bytes,
		   size_t size);

/**
 * cmd_sign_anchor() - what the TPM of a node that is to be released wants signed:
 *	--anchor-signatures, made by those who sign, where only --anchor is given
 * @ret_signatures: the caller's to free, and what sign->manifest then points to; NULL: none is
 *	needed
 */
int cmd_sign_anchor(const struct cordon_call *call, struct cmd_sign *sign, char **ret_signatures);
/** cmd_sign_anchor_text() - write what is to be signed, for other tools */
int cmd_sign_anchor_text(const struct cordon_call *call, const struct cmd_sign *sign);

int cmd_sign_policy(const struct cordon_call *call, struct cmd_sign *sign, const char *path);
int cmd_sign_show(const struct cordon_call *call, const char *path, const char *trust);

#endif
