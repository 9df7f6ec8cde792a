// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Digests of TPM policies, made without a TPM; see anchor_rule.h.
 */
#include "anchor_rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sign_certificate.h"
#include "sign_digest.h"

#define NAME_SIZE (2 + TPM_DIGEST_SIZE)

static void add_number(struct cordon_digest *digest, uint64_t number, unsigned int bytes)
{
	for (unsigned int i = bytes; i-- > 0;) {
		const uint8_t byte = (uint8_t)(number >> (8 * i));

		cordon_digest_add(digest, &byte, 1);
	}
}

/* Part 1, 16: a name is the algorithm and the digest of the public area. */
static void name_of(const struct tpm_out *public, uint8_t (*ret_name)[NAME_SIZE])
{
	uint8_t digest[CORDON_SIGN_DIGEST_SIZE];

	cordon_sign_digest(public->bytes, public->size, &digest);
	(*ret_name)[0] = TPM_ALG_SHA256 >> 8;
	(*ret_name)[1] = TPM_ALG_SHA256 & 0xff;
	memcpy(*ret_name + 2, digest, sizeof(digest));
}

/* ---- keys ------------------------------------------------------------------------------ */

static bool is_in(const struct cordon_anchor_rule *rule, const struct cordon_certificate *key)
{
	for (size_t i = 0; i < rule->nr_keys; i++) {
		if (!memcmp(rule->key[i]->key_digest, key->key_digest, sizeof(key->key_digest)))
			return true;
	}
	return false;
}

static int compare(const void *one, const void *other)
{
	const struct cordon_certificate *const *a = one, *const *b = other;

	return memcmp((*a)->key_digest, (*b)->key_digest, sizeof((*a)->key_digest));
}

static int fail_many(const struct cordon_anchor_rule *rule, struct cordon_failure *failure)
{
	return cordon_fail(failure, -E2BIG,
			   "trust/release.pem has too many keys for a threshold of %u: more than "
			   "%u sets of them could sign",
			   rule->threshold, CORDON_ANCHOR_KEYS_MAX);
}

static int collect(struct cordon_anchor_rule *rule, const struct cordon_trust *trust,
		   struct cordon_failure *failure)
{
	for (size_t i = 0; i < trust->nr_certificates; i++) {
		const struct cordon_certificate *key = &trust->certificate[i];

		if (!(key->roles & 1U << CORDON_ROLE_RELEASE) || is_in(rule, key))
			continue;
		if (rule->nr_keys == CORDON_ANCHOR_KEYS_MAX)
			return fail_many(rule, failure);
		rule->key[rule->nr_keys++] = key;
	}
	if (!rule->threshold || rule->nr_keys < rule->threshold)
		return cordon_fail(failure, -ENOKEY, "trust/release.pem lets nobody release it");
	qsort(rule->key, rule->nr_keys, sizeof(rule->key[0]), compare);
	return 0;
}

/* ---- branches -------------------------------------------------------------------------- */

/* Part 3, 23.3: PolicyUpdate(): the object's name, then the reference. */
static void add_signed(const struct cordon_anchor_rule *rule, const struct sign_key *key,
		       uint8_t (*policy)[TPM_DIGEST_SIZE])
{
	struct tpm_out public = { .size = 0 };
	struct cordon_digest digest;
	uint8_t name[NAME_SIZE];

	tpm_put_public(&public, key);
	name_of(&public, &name);
	cordon_digest_begin(&digest);
	cordon_digest_add(&digest, *policy, sizeof(*policy));
	add_number(&digest, TPM_POLICY_SIGNED, 4);
	cordon_digest_add(&digest, name, sizeof(name));
	cordon_digest_end(&digest, policy);
	cordon_digest_begin(&digest);
	cordon_digest_add(&digest, *policy, sizeof(*policy));
	cordon_digest_add(&digest, rule->reference, sizeof(rule->reference));
	cordon_digest_end(&digest, policy);
}

/* Part 3, 23.20: PolicyNvWritten(NO) */
static void add_unwritten(uint8_t (*policy)[TPM_DIGEST_SIZE])
{
	struct cordon_digest digest;

	cordon_digest_begin(&digest);
	cordon_digest_add(&digest, *policy, sizeof(*policy));
	add_number(&digest, TPM_POLICY_NV_WRITTEN, 4);
	add_number(&digest, 0, 1);
	cordon_digest_end(&digest, policy);
}

static void add_branch(struct cordon_anchor_rule *rule, uint64_t subset)
{
	uint8_t(*policy)[TPM_DIGEST_SIZE] = &rule->branch[rule->nr_branches];

	memset(policy, 0, sizeof(*policy));
	if (!subset)
		add_unwritten(policy);
	for (size_t i = 0; i < rule->nr_keys; i++) {
		if (subset >> i & 1)
			add_signed(rule, &rule->key[i]->key, policy);
	}
	rule->subset[rule->nr_branches++] = subset;
}

/* The next greater number with as many bits. */
static uint64_t next_subset(uint64_t subset)
{
	const uint64_t ripple = subset + (subset & -subset);

	return (ripple ^ subset) >> (2 + __builtin_ctzll(subset)) | ripple;
}

static int add_branches(struct cordon_anchor_rule *rule, struct cordon_failure *failure)
{
	const uint64_t end = 1ULL << rule->nr_keys;

	if (rule->threshold >= CORDON_ANCHOR_KEYS_MAX)
		return fail_many(rule, failure);
	add_branch(rule, 0);
	for (uint64_t set = (1ULL << rule->threshold) - 1; set < end; set = next_subset(set)) {
		if (rule->nr_branches == CORDON_ANCHOR_BRANCHES_MAX)
			return fail_many(rule, failure);
		add_branch(rule, set);
	}
	return 0;
}

/* Part 3, 23.6: PolicyOR begins anew. */
static void or_of(const uint8_t (*list)[TPM_DIGEST_SIZE], size_t nr,
		  uint8_t (*ret_policy)[TPM_DIGEST_SIZE])
{
	static const uint8_t zeros[TPM_DIGEST_SIZE];
	struct cordon_digest digest;

	cordon_digest_begin(&digest);
	cordon_digest_add(&digest, zeros, sizeof(zeros));
	add_number(&digest, TPM_POLICY_OR, 4);
	for (size_t i = 0; i < nr; i++)
		cordon_digest_add(&digest, list[i], TPM_DIGEST_SIZE);
	cordon_digest_end(&digest, ret_policy);
}

/* The TPM takes no list of one: that one is there twice. */
static size_t copy_group(const struct cordon_anchor_rule *rule, size_t group,
			 uint8_t (*ret_group)[TPM_DIGEST_SIZE])
{
	const size_t first = group * TPM_OR_MAX, left = rule->nr_branches - first;
	const size_t nr = left < TPM_OR_MAX ? left : TPM_OR_MAX;

	memcpy(ret_group, rule->branch[first], nr * TPM_DIGEST_SIZE);
	if (nr > 1)
		return nr;
	memcpy(ret_group[1], ret_group[0], TPM_DIGEST_SIZE);
	return 2;
}

void cordon_anchor_rule_groups(const struct cordon_anchor_rule *rule, size_t branch,
			       uint8_t (*ret_group)[TPM_DIGEST_SIZE], size_t *ret_nr,
			       uint8_t (*ret_top)[TPM_DIGEST_SIZE], size_t *ret_nr_top)
{
	const size_t groups = (rule->nr_branches + TPM_OR_MAX - 1) / TPM_OR_MAX;

	for (size_t i = 0; i < groups; i++) {
		uint8_t list[TPM_OR_MAX][TPM_DIGEST_SIZE];
		const size_t nr = copy_group(rule, i, list);

		or_of(list, nr, &ret_top[i]);
	}
	*ret_nr_top = groups > 1 ? groups : 0;
	*ret_nr = copy_group(rule, branch / TPM_OR_MAX, ret_group);
}

static void join_branches(struct cordon_anchor_rule *rule)
{
	uint8_t group[TPM_OR_MAX][TPM_DIGEST_SIZE], top[TPM_OR_MAX][TPM_DIGEST_SIZE];
	size_t nr, nr_top;

	cordon_anchor_rule_groups(rule, 0, group, &nr, top, &nr_top);
	if (nr_top)
		or_of(top, nr_top, &rule->policy);
	else
		or_of(group, nr, &rule->policy);
}

int cordon_anchor_rule_make(const struct cordon_trust *trust, const char *node,
			    struct cordon_failure *failure, struct cordon_anchor_rule *ret_rule)
{
	struct cordon_anchor_rule *rule = ret_rule;
	int error;

	memset(rule, 0, sizeof(*rule));
	rule->threshold = trust->threshold[CORDON_ROLE_RELEASE];
	if (!node[0])
		return cordon_fail(failure, -ENOENT, "trust/node does not name this node");
	cordon_sign_digest(node, strlen(node), &rule->reference);
	error = collect(rule, trust, failure);
	if (!error)
		error = add_branches(rule, failure);
	if (!error)
		join_branches(rule);
	return error;
}

/* ---- what is signed -------------------------------------------------------------------- */

struct tpm_nv cordon_anchor_rule_index(const struct cordon_anchor_rule *rule)
{
	struct tpm_nv nv = {
		.index = CORDON_ANCHOR_RELEASED,
		.attributes = CORDON_ANCHOR_RELEASED_ATTRIBUTES | TPM_NV_WRITTEN,
		.policy_size = TPM_DIGEST_SIZE,
		.size = CORDON_ANCHOR_NUMBER_SIZE,
	};

	memcpy(nv.policy, rule->policy, sizeof(nv.policy));
	return nv;
}

/* Part 1, 16.7: the command, the names of its handles, its parameters. */
void cordon_anchor_what(const struct cordon_anchor_rule *rule, uint64_t number,
			uint8_t (*ret_what)[TPM_DIGEST_SIZE])
{
	const struct tpm_nv nv = cordon_anchor_rule_index(rule);
	struct tpm_out public = { .size = 0 };
	struct cordon_digest digest;
	uint8_t name[NAME_SIZE];

	tpm_put_nv(&public, &nv);
	name_of(&public, &name);
	cordon_digest_begin(&digest);
	add_number(&digest, TPM_NV_WRITE, 4);
	cordon_digest_add(&digest, name, sizeof(name));
	cordon_digest_add(&digest, name, sizeof(name));
	add_number(&digest, CORDON_ANCHOR_NUMBER_SIZE, 2);
	add_number(&digest, number, CORDON_ANCHOR_NUMBER_SIZE);
	add_number(&digest, 0, 2);
	cordon_digest_end(&digest, ret_what);
}

void cordon_anchor_text(const struct cordon_anchor_rule *rule, uint64_t number,
			uint8_t (*ret_text)[CORDON_ANCHOR_TEXT_SIZE])
{
	uint8_t what[TPM_DIGEST_SIZE];

	cordon_anchor_what(rule, number, &what);
	memset(*ret_text, 0, 4);
	memcpy(*ret_text + 4, what, sizeof(what));
	memcpy(*ret_text + 4 + sizeof(what), rule->reference, sizeof(rule->reference));
}
