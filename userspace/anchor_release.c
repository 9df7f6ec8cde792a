// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A release, as the TPM takes it; see anchor.h.
 */
#include <errno.h>
#include <string.h>

#include "anchor.h"
#include "fault.h"
#include "order_text.h"
#include "sign_radix.h"
#include "sign_certificate.h"
#include "util/cleanup.h"

#define RELEASE_SECONDS 20

/**
 * struct release - what the order has for the TPM
 * @signature: by place of its key in @rule; of size 0: none
 * @branch: the set of keys that is all there
 */
struct release {
	struct cordon_tpm tpm;
	struct cordon_anchor_facts facts;
	struct cordon_anchor_rule rule;
	struct {
		uint8_t bytes[SIGN_SIGNATURE_MAX];
		size_t size;
	} signature[CORDON_ORDER_SIGNERS_MAX];
	size_t key[CORDON_ORDER_SIGNERS_MAX];
	size_t nr;
	size_t branch;
	struct cordon_failure *failure;
};

/* ---- signatures ------------------------------------------------------------------------ */

static uint64_t signers(const struct release *release)
{
	uint64_t set = 0;

	for (size_t i = 0; i < release->nr; i++)
		set |= 1ULL << release->key[i];
	return set;
}

static void take_signature(struct release *release, const uint8_t (*digest)[32], struct der bytes)
{
	const struct cordon_anchor_rule *rule = &release->rule;
	const uint64_t before = signers(release);

	for (size_t i = 0; i < rule->nr_keys && release->nr < CORDON_ORDER_SIGNERS_MAX; i++) {
		if (before >> i & 1 || !sign_key_verify(&rule->key[i]->key, digest, bytes))
			continue;
		memcpy(release->signature[release->nr].bytes, bytes.at, bytes.size);
		release->signature[release->nr].size = bytes.size;
		release->key[release->nr++] = i;
		return;
	}
}

static void take_signatures(struct release *release, const struct cordon_order *order)
{
	struct order_piece rest = { order->anchor_signatures, strlen(order->anchor_signatures) };
	uint8_t text[CORDON_ANCHOR_TEXT_SIZE], digest[CORDON_SIGN_DIGEST_SIZE];
	uint8_t bytes[SIGN_SIGNATURE_MAX];
	struct order_piece each;
	size_t size;

	cordon_anchor_text(&release->rule, order->anchor, &text);
	cordon_sign_digest(text, sizeof(text), &digest);
	while (order_piece_part(&rest, ' ', &each)) {
		if (!cordon_base64_read(each.text, each.size, sizeof(bytes), bytes, &size))
			take_signature(release, &digest, (struct der){ bytes, size });
	}
}

static int choose_branch(struct release *release)
{
	const struct cordon_anchor_rule *rule = &release->rule;
	const uint64_t there = signers(release);

	for (size_t i = 0; i < rule->nr_branches; i++) {
		if (rule->subset[i] && (rule->subset[i] & there) == rule->subset[i]) {
			release->branch = i;
			return 0;
		}
	}
	return cordon_fail(release->failure, -EPERM,
			   "the TPM wants anchor signatures of %u of the keys in trust/release.pem "
			   "over seal %llu of this node, and the order carries %zu: cordon sign "
			   "order --anchor makes them",
			   rule->threshold, (unsigned long long)release->facts.seals, release->nr);
}

/* ---- whether it is needed, and there --------------------------------------------------- */

static int check_order(struct release *release, const struct cordon_trust *trust,
		       const struct cordon_order *order)
{
	const unsigned long long seals = release->facts.seals;
	int error;

	if (!order->anchor)
		return cordon_fail(release->failure, -EPERM,
				   "the node's TPM knows of seal %llu: the order must carry "
				   "signatures for that, too: cordon sign order --anchor %llu",
				   seals, seals);
	if (order->anchor != release->facts.seals)
		return cordon_fail(release->failure, -EPERM,
				   "the order opens seal %llu, and the node's TPM knows of seal "
				   "%llu: cordon sign order --anchor %llu",
				   (unsigned long long)order->anchor, seals, seals);
	error = cordon_anchor_rule_make(trust, trust->node, release->failure, &release->rule);
	if (error)
		return error;
	if (memcmp(release->rule.policy, release->facts.policy, TPM_DIGEST_SIZE) != 0)
		return cordon_fail(
			release->failure, -EPERM,
			"the node's TPM answers to other keys, threshold or name than "
			"those in trust/: put back what was there when it was anchored, or "
			"clear the TPM");
	take_signatures(release, order);
	return choose_branch(release);
}

/* Return: 1: the order has what the TPM wants; 0: it wants nothing; -errno. */
static int judge(struct release *release, const struct cordon_latch_state *state,
		 const struct cordon_trust *trust, const struct cordon_order *order)
{
	const struct cordon_anchor_facts *facts = &release->facts;
	const bool anchored = state->anchor.flags & CORDON_LATCH_ANCHORED;
	const bool whole = facts->has_changes && facts->has_seals && facts->has_released;
	int error;

	if (!whole && !anchored)
		return 0;
	if (!whole)
		return cordon_fail(release->failure, -EPERM,
				   "what the TPM held of this node was taken from it: after the "
				   "next boot an order can name the challenge that cordon status "
				   "shows");
	if (!cordon_anchor_is_sealed(facts))
		return 0;
	error = check_order(release, trust, order);
	return error ? error : 1;
}

static int prepare(const struct cordon_context *context, const struct cordon_latch_state *state,
		   const struct cordon_trust *trust, const struct cordon_order *order,
		   struct release *release)
{
	const bool anchored = state->anchor.flags & CORDON_LATCH_ANCHORED;
	struct cordon_failure why = { .text = "" };
	int error = cordon_tpm_open(context, RELEASE_SECONDS, &why, &release->tpm);

	if (!error)
		error = cordon_anchor_read(&release->tpm, &why, &release->facts);
	if (error && !anchored)
		return 0;
	if (error)
		return cordon_fail(release->failure, error, "the node is anchored in its TPM: %s",
				   why.text);
	return judge(release, state, trust, order);
}

int cordon_anchor_permits(const struct cordon_context *context,
			  const struct cordon_latch_state *state, const struct cordon_trust *trust,
			  const struct cordon_order *order, struct cordon_failure *failure)
{
	struct release release = { .tpm = { .fd = -1 }, .failure = failure };
	const int result = prepare(context, state, trust, order, &release);

	cordon_tpm_close(&release.tpm);
	return result < 0 ? result : 0;
}

/* ---- the TPM --------------------------------------------------------------------------- */

static int prove_one(struct release *release, uint32_t session, const uint8_t *what, size_t key)
{
	const struct cordon_anchor_rule *rule = &release->rule;
	struct der signature = { NULL, 0 };

	for (size_t i = 0; i < release->nr; i++) {
		if (release->key[i] == key)
			signature = (struct der){ release->signature[i].bytes,
						  release->signature[i].size };
	}
	return cordon_tpm_policy_signed(&release->tpm, session, &rule->key[key]->key, what,
					rule->reference, signature, release->failure);
}

static int prove(struct release *release, uint32_t session)
{
	const struct cordon_anchor_rule *rule = &release->rule;
	const uint64_t subset = rule->subset[release->branch];
	uint8_t group[TPM_OR_MAX][TPM_DIGEST_SIZE], top[TPM_OR_MAX][TPM_DIGEST_SIZE];
	uint8_t what[TPM_DIGEST_SIZE];
	size_t nr, nr_top;
	int error = 0;

	cordon_anchor_what(rule, release->facts.seals, &what);
	for (size_t i = 0; i < rule->nr_keys && !error; i++) {
		if (subset >> i & 1)
			error = prove_one(release, session, what, i);
	}
	cordon_anchor_rule_groups(rule, release->branch, group, &nr, top, &nr_top);
	if (!error)
		error = cordon_tpm_policy_or(&release->tpm, session, group, nr, release->failure);
	if (!error && nr_top)
		error = cordon_tpm_policy_or(&release->tpm, session, top, nr_top, release->failure);
	return error;
}

static int write_released(struct release *release)
{
	uint32_t session;
	int error = cordon_tpm_session(&release->tpm, release->failure, &session);

	if (error)
		return error;
	error = prove(release, session);
	if (!error)
		error = cordon_tpm_nv_write(&release->tpm, CORDON_ANCHOR_RELEASED,
					    release->facts.seals, session, release->failure);
	if (error)
		cordon_tpm_flush(&release->tpm, session);
	cordon_step("anchor release");
	return error;
}

int cordon_anchor_release(const struct cordon_context *context,
			  const struct cordon_latch_state *state, const struct cordon_trust *trust,
			  const struct cordon_order *order, struct cordon_failure *failure)
{
	struct release release = { .tpm = { .fd = -1 }, .failure = failure };
	int result = prepare(context, state, trust, order, &release);

	if (result > 0)
		result = write_released(&release);
	cordon_tpm_close(&release.tpm);
	return result;
}
