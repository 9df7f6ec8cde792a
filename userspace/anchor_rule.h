/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the TPM asks for before it takes a release: signatures of so many of the
 * keys that may release this node, over the number of the seal that is opened.
 * Pure: the owner computes the same from trust/, the node's name and that number,
 * with no TPM at hand, and signs it.
 *
 * The index of releases is written by a policy only (TPM 2.0 Library, Part 3, 23):
 *
 *	PolicyOR of	PolicyNvWritten(NO): its first write, when it is made
 *			PolicySigned by each key of one possible set, in the order of
 *			their digests, for each set; policyRef SHA-256 of the node's name
 *
 * more than eight of these in two steps.  A signature is over 68 bytes,
 * cordon_anchor_text(): expiration 0, the cpHash of NV_Write of that number into
 * that index, and policyRef.
 */
#ifndef CORDON_ANCHOR_RULE_H
#define CORDON_ANCHOR_RULE_H

#include "sign.h"
#include "sign_key.h"
#include "tpm.h"

/* In the owner's range (TCG, Registry of Reserved TPM 2.0 Handles and Localities). */
#define CORDON_ANCHOR_CHANGES 0x018c0d01
#define CORDON_ANCHOR_SEALS 0x018c0d02
#define CORDON_ANCHOR_RELEASED 0x018c0d03

/* Attributes of the first two, and of the third; once written, TPM_NV_WRITTEN is one more. */
#define CORDON_ANCHOR_COUNTER_ATTRIBUTES                                                           \
	(TPM_NV_AUTHWRITE | TPM_NV_COUNTER | TPM_NV_AUTHREAD | TPM_NV_NO_DA)
#define CORDON_ANCHOR_RELEASED_ATTRIBUTES (TPM_NV_POLICYWRITE | TPM_NV_AUTHREAD | TPM_NV_NO_DA)

#define CORDON_ANCHOR_TEXT_SIZE 68
#define CORDON_ANCHOR_NUMBER_SIZE 8

/* Two steps of PolicyOR. */
#define CORDON_ANCHOR_BRANCHES_MAX (TPM_OR_MAX * TPM_OR_MAX)
#define CORDON_ANCHOR_KEYS_MAX (CORDON_ANCHOR_BRANCHES_MAX - 1)

/**
 * struct cordon_anchor_rule - who may release
 * @key: in the trust that it was made of
 * @reference: policyRef
 * @subset: keys of a branch, bit by place in @key; 0: the first write
 * @policy: all of it
 */
struct cordon_anchor_rule {
	const struct cordon_certificate *key[CORDON_ANCHOR_KEYS_MAX];
	size_t nr_keys;
	unsigned int threshold;
	uint8_t reference[TPM_DIGEST_SIZE];
	uint64_t subset[CORDON_ANCHOR_BRANCHES_MAX];
	uint8_t branch[CORDON_ANCHOR_BRANCHES_MAX][TPM_DIGEST_SIZE];
	size_t nr_branches;
	uint8_t policy[TPM_DIGEST_SIZE];
};

/**
 * cordon_anchor_rule_make() - of who is trusted with releases
 * Return: 0; -ENOKEY: nobody is, or too few; -E2BIG: too many sets of keys; -ENOENT: the node
 *	has no name; with @failure.
 */
int cordon_anchor_rule_make(const struct cordon_trust *trust, const char *node,
			    struct cordon_failure *failure, struct cordon_anchor_rule *ret_rule);

/** cordon_anchor_rule_index() - the index of releases, as it is once written */
struct tpm_nv cordon_anchor_rule_index(const struct cordon_anchor_rule *rule);

/** cordon_anchor_what() - cpHash of writing this number */
void cordon_anchor_what(const struct cordon_anchor_rule *rule, uint64_t number,
			uint8_t (*ret_what)[TPM_DIGEST_SIZE]);

/** cordon_anchor_text() - the bytes that are signed, with SHA-256 */
void cordon_anchor_text(const struct cordon_anchor_rule *rule, uint64_t number,
			uint8_t (*ret_text)[CORDON_ANCHOR_TEXT_SIZE]);

/**
 * cordon_anchor_rule_groups() - the list of PolicyOR that a branch is in, and the one above it
 * @ret_group: of @ret_nr, at least 2
 * @ret_top: the lists' digests; @ret_nr_top 0: there is one list only
 */
void cordon_anchor_rule_groups(const struct cordon_anchor_rule *rule, size_t branch,
			       uint8_t (*ret_group)[TPM_DIGEST_SIZE], size_t *ret_nr,
			       uint8_t (*ret_top)[TPM_DIGEST_SIZE], size_t *ret_nr_top);

#endif
