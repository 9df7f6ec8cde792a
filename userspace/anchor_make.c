// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The indices of the anchor; see anchor.h.  Power that fails between any two
 * steps leaves a file that says that they are being made, and a counter that
 * agrees with it or is not there: the next start goes on.
 */
#include <errno.h>
#include <string.h>

#include "anchor.h"
#include "fault.h"
#include "sign_certificate.h"
#include "util/cleanup.h"

/* Each key is tried, and a TPM may take its time with a big one. */
#define MAKE_SECONDS 20

/* Before that nobody knows whether the disk remembers anything. */
#define BOOTS_MIN 2

struct making {
	const struct cordon_anchor_rule *rule;
	struct cordon_anchor_facts facts;
	struct cordon_tpm *tpm;
	struct cordon_failure *failure;
};

/* Not every TPM knows every size of key: better to find out now than at a release. */
static int try_keys(const struct making *making)
{
	const struct cordon_anchor_rule *rule = making->rule;

	for (size_t i = 0; i < rule->nr_keys; i++) {
		struct cordon_failure why = { .text = "" };
		char name[64];
		uint32_t handle;
		int error = cordon_tpm_load_key(making->tpm, &rule->key[i]->key, &why, &handle);

		if (error) {
			sign_name_text(rule->key[i]->subject, &name);
			return cordon_fail(making->failure, error, "the key of %s: %s", name,
					   why.text);
		}
		cordon_tpm_flush(making->tpm, handle);
	}
	return 0;
}

static int define(const struct making *making, const struct tpm_nv *nv)
{
	struct cordon_failure none = { .text = "" };
	int error = cordon_tpm_nv_undefine(making->tpm, nv->index, &none);

	if (error && error != -ENOENT)
		return cordon_fail(making->failure, error, "%s", none.text);
	error = cordon_tpm_nv_define(making->tpm, nv, making->failure);
	cordon_step("anchor index");
	return error;
}

/* It begins above all that the TPM ever counted, in an index that is gone, too. */
static int make_counter(const struct making *making, uint32_t index)
{
	const struct tpm_nv nv = { .index = index,
				   .attributes = CORDON_ANCHOR_COUNTER_ATTRIBUTES,
				   .size = CORDON_ANCHOR_NUMBER_SIZE };
	const int error = define(making, &nv);

	return error ? error : cordon_tpm_nv_increment(making->tpm, index, making->failure);
}

static int write_first(const struct making *making, uint64_t number)
{
	uint8_t group[TPM_OR_MAX][TPM_DIGEST_SIZE], top[TPM_OR_MAX][TPM_DIGEST_SIZE];
	size_t nr, nr_top;
	uint32_t session;
	int error = cordon_tpm_session(making->tpm, making->failure, &session);

	if (error)
		return error;
	cordon_anchor_rule_groups(making->rule, 0, group, &nr, top, &nr_top);
	error = cordon_tpm_policy_unwritten(making->tpm, session, making->failure);
	if (!error)
		error = cordon_tpm_policy_or(making->tpm, session, group, nr, making->failure);
	if (!error && nr_top)
		error = cordon_tpm_policy_or(making->tpm, session, top, nr_top, making->failure);
	if (!error)
		error = cordon_tpm_nv_write(making->tpm, CORDON_ANCHOR_RELEASED, number, session,
					    making->failure);
	if (error)
		cordon_tpm_flush(making->tpm, session);
	return error;
}

/* What is sealed as the TPM knows it stays so: other keys do not open it by being put into trust/. */
static int make_released(const struct making *making)
{
	const struct cordon_anchor_facts *facts = &making->facts;
	struct tpm_nv nv = cordon_anchor_rule_index(making->rule);
	uint64_t seals;
	int error;

	if (facts->has_released && !memcmp(facts->policy, nv.policy, sizeof(nv.policy)))
		return 0;
	if (facts->has_seals && facts->has_released && facts->seals > facts->released)
		return cordon_fail(making->failure, -EPERM,
				   "the TPM knows of a seal that nobody released");
	nv.attributes &= ~TPM_NV_WRITTEN;
	error = cordon_tpm_nv_read(making->tpm, CORDON_ANCHOR_SEALS, making->failure, &seals);
	if (!error)
		error = define(making, &nv);
	return error ? error : write_first(making, seals);
}

static int make_indices(const struct making *making)
{
	int error = 0;

	if (!making->facts.has_changes)
		error = make_counter(making, CORDON_ANCHOR_CHANGES);
	cordon_step("anchor changes");
	if (!error && !making->facts.has_seals)
		error = make_counter(making, CORDON_ANCHOR_SEALS);
	cordon_step("anchor seals");
	if (!error)
		error = make_released(making);
	cordon_step("anchor released");
	return error;
}

static int check(struct making *making)
{
	bool owner, lockout;
	int error = cordon_anchor_read(making->tpm, making->failure, &making->facts);

	if (!error)
		error = cordon_tpm_guarded(making->tpm, making->failure, &owner, &lockout);
	if (!error && owner)
		error = cordon_fail(making->failure, -EACCES,
				    "the TPM's owner has an authorisation");
	return error ? error : try_keys(making);
}

static int make(const struct cordon_context *context, struct cordon_latch_state *state,
		struct making *making)
{
	int error = check(making);

	if (error)
		return error;
	state->anchor.flags |= CORDON_LATCH_ANCHORING;
	error = cordon_latch_write(context, state, making->failure);
	if (!error)
		error = make_indices(making);
	if (error)
		return error;
	state->anchor.flags = CORDON_LATCH_ANCHORED;
	memcpy(state->anchor.policy, making->rule->policy, sizeof(state->anchor.policy));
	return cordon_latch_write(context, state, making->failure);
}

static bool is_made(const struct cordon_latch_state *state, const struct cordon_anchor_rule *rule)
{
	return state->anchor.flags & CORDON_LATCH_ANCHORED &&
	       !(state->anchor.flags & CORDON_LATCH_ANCHORING) &&
	       !memcmp(state->anchor.policy, rule->policy, sizeof(rule->policy));
}

int cordon_anchor_make(const struct cordon_context *context, struct cordon_latch_state *state,
		       struct cordon_failure *failure)
{
	const struct cordon_path folder = cordon_path_root(context, CORDON_TRUST_FOLDER);
	struct cordon_trust trust CLEANUP(trust) = { .node = "" };
	struct cordon_tpm tpm CLEANUP(tpm) = { .fd = -1 };
	struct cordon_anchor_rule rule;
	struct making making = { .rule = &rule, .tpm = &tpm, .failure = failure };
	int error;

	if (state->level || state->boots < BOOTS_MIN)
		return 0;
	cordon_trust_read(folder.text, &trust);
	error = cordon_anchor_rule_make(&trust, trust.node, failure, &rule);
	if (error || is_made(state, &rule))
		return error;
	error = cordon_tpm_open(context, MAKE_SECONDS, failure, &tpm);
	return error ? error : make(context, state, &making);
}
