/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An order's manifest: text to struct and back, in the format of
 * <cordon/order.h>.  Pure: it opens no file, checks no signature, knows no
 * node and carries nothing out.
 */
#ifndef CORDON_USERSPACE_ORDER_H
#define CORDON_USERSPACE_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/order.h>
#include <cordon/uapi/policy.h>

#include "util/failure.h"

enum cordon_action {
	CORDON_ACTION_SEAL,
	CORDON_ACTION_RELEASE,
	CORDON_ACTION_RENEW,
	CORDON_ACTION_SNAPSHOT,
	CORDON_ACTION_POLICY,
	CORDON_ACTION_DETACH,
	CORDON_ACTION_REVOKE,
	CORDON_ACTION_WIPE,
};

/* X(NAME, "file in trust/ without .pem"): who may sign what.  Kept in files by
 * number: append, never renumber. */
#define CORDON_ROLES(X)                                                                            \
	X(POLICY, "policy")                                                                        \
	X(SEAL, "seal")                                                                            \
	X(RELEASE, "release")                                                                      \
	X(WIPE, "wipe")                                                                            \
	X(RENEW, "renew")

enum cordon_role {
#define CORDON_ROLE_ENUM(name, text) CORDON_ROLE_##name,
	CORDON_ROLES(CORDON_ROLE_ENUM)
#undef CORDON_ROLE_ENUM
	CORDON_ROLE_COUNT
};

const char *cordon_role_name(enum cordon_role role);
/** cordon_roles_text() - "seal, release" of bits by enum cordon_role */
void cordon_roles_text(uint32_t roles, char (*ret_text)[96]);
/** cordon_action_role() - who may seal may ask for a snapshot, and revoke; who may release, detach */
enum cordon_role cordon_action_role(enum cordon_action action);

/** cordon_action_opens() - a release, or what goes further */
bool cordon_action_opens(enum cordon_action action);

/** cordon_latch_name() - "open", "egress", "isolate", "lockdown", or "?" */
const char *cordon_latch_name(uint32_t latch);
/** cordon_latch_parse() - the level of a name. Return: 0 or -EINVAL */
int cordon_latch_parse(const char *name, uint32_t *ret_latch);

/**
 * struct cordon_order - a manifest; texts end with a NUL
 * @level: of SEAL
 * @digest: of POLICY
 * @nodes, @fleets: names with a space between two; one of them is empty
 * @not_before_boot, @lease_hours, @lease_boots: 0: not said
 * @evidence: of SEAL: seconds that capturing evidence may take before it; 0: none is wanted
 * @anchor: the seal, as the TPM counts them, that a release opens; 0: not said
 * @anchor_signatures: base64, a space between two
 * @body: what follows the manifest of a bundle, within the text that was parsed;
 *	NULL: there is none
 */
struct cordon_order {
	enum cordon_action action;
	uint32_t level;
	uint8_t digest[32];
	char nodes[CORDON_ORDER_NAMES_MAX + 1];
	char fleets[CORDON_ORDER_NAMES_MAX + 1];
	char issuer[CORDON_ORDER_ISSUER_MAX + 1];
	char reason[CORDON_ORDER_REASON_MAX + 1];
	uint64_t counter;
	uint64_t not_before_boot;
	uint32_t lease_hours;
	uint32_t lease_boots;
	uint32_t evidence;
	bool has_challenge;
	uint8_t challenge[CORDON_ORDER_CHALLENGE_SIZE];
	uint64_t anchor;
	char anchor_signatures[CORDON_ORDER_ANCHOR_MAX + 1];
	const char *body;
	size_t body_size;
};

/**
 * cordon_order_parse() - a manifest, and where its body is
 * Return: 0; -EINVAL with @failure: "line 3: ..."
 */
int cordon_order_parse(const char *text, size_t size, struct cordon_failure *failure,
		       struct cordon_order *ret_order);

/**
 * cordon_order_format() - the manifest's text, without a body
 * @ret_text: room for CORDON_ORDER_MANIFEST_MAX + 1 bytes
 * Return: bytes without the NUL; -EINVAL with @failure: what is in it could not be read back.
 */
int cordon_order_format(const struct cordon_order *order, struct cordon_failure *failure,
			char *ret_text);

/** cordon_order_action_text() - "seal isolate", "policy sha256:..." as in a manifest */
void cordon_order_action_text(const struct cordon_order *order, char (*ret_text)[96]);

/** cordon_order_names_share() - is a name in both "a b c" and "c d"? "" has none */
bool cordon_order_names_share(const char *names, const char *others);

/** struct cordon_order_file - one file of a bundle's body; nothing is owned */
struct cordon_order_file {
	char name[256];
	const char *text;
	size_t size;
};

/**
 * cordon_order_file_next() - the files of a bundle, one after another
 * @body, @size: what is left; both move on
 * Return: 1 and @ret_file; 0: that was all; -EINVAL with @failure.
 */
int cordon_order_file_next(const char **body, size_t *size, struct cordon_failure *failure,
			   struct cordon_order_file *ret_file);

/**
 * cordon_order_files_check() - every file of a body is whole, and none is there twice
 * Return: 0; -EINVAL with @failure.
 */
int cordon_order_files_check(const struct cordon_order *order, struct cordon_failure *failure);

#endif
