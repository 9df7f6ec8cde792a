// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does the disk remember what the TPM knows?  See anchor.h.
 */
#include "anchor.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "fault.h"
#include "util/boot.h"
#include "util/cleanup.h"
#include "util/clock.h"

/* A node that boots or seals waits no longer. */
#define LOOK_SECONDS 3

/* The driver may come after us; a node that has an anchor waits for it. */
#define DEVICE_SECONDS 5
#define DEVICE_POLL_MS 50

/* The countdown of a lease is counted by the hour: the TPM's memory wears out. */
#define LEASE_SECONDS 3600

/* ---- facts ----------------------------------------------------------------------------- */

/* One that is not as we make it, or was never written, is none of ours. */
static int read_index(struct cordon_tpm *tpm, const struct tpm_nv *wanted,
		      struct cordon_failure *failure, struct tpm_nv *ret_nv, uint64_t *ret_number)
{
	struct cordon_failure why = { .text = "" };
	struct tpm_nv nv;
	int error = cordon_tpm_nv_public(tpm, wanted->index, &why, &nv);

	if (!error && (nv.attributes != wanted->attributes || nv.size != wanted->size ||
		       nv.policy_size != wanted->policy_size))
		return -ENOENT;
	if (!error)
		error = cordon_tpm_nv_read(tpm, wanted->index, &why, ret_number);
	if (error == -ENOENT || error == -EOPNOTSUPP || error == -ENODATA)
		return -ENOENT;
	if (!error)
		*ret_nv = nv;
	return error ? cordon_fail(failure, error, "%s", why.text) : 0;
}

static int read_counter(struct cordon_tpm *tpm, uint32_t index, struct cordon_failure *failure,
			bool *ret_there, uint64_t *ret_number)
{
	const struct tpm_nv wanted = { .index = index,
				       .attributes = CORDON_ANCHOR_COUNTER_ATTRIBUTES |
						     TPM_NV_WRITTEN,
				       .size = CORDON_ANCHOR_NUMBER_SIZE };
	struct tpm_nv nv;
	const int error = read_index(tpm, &wanted, failure, &nv, ret_number);

	*ret_there = !error;
	return error == -ENOENT ? 0 : error;
}

int cordon_anchor_read(struct cordon_tpm *tpm, struct cordon_failure *failure,
		       struct cordon_anchor_facts *ret_facts)
{
	const struct tpm_nv wanted = { .index = CORDON_ANCHOR_RELEASED,
				       .attributes = CORDON_ANCHOR_RELEASED_ATTRIBUTES |
						     TPM_NV_WRITTEN,
				       .policy_size = TPM_DIGEST_SIZE,
				       .size = CORDON_ANCHOR_NUMBER_SIZE };
	struct cordon_anchor_facts facts = { .has_changes = false };
	struct tpm_nv nv;
	int error;

	error = read_counter(tpm, CORDON_ANCHOR_CHANGES, failure, &facts.has_changes,
			     &facts.changes);
	if (!error)
		error = read_counter(tpm, CORDON_ANCHOR_SEALS, failure, &facts.has_seals,
				     &facts.seals);
	if (error)
		return error;
	error = read_index(tpm, &wanted, failure, &nv, &facts.released);
	if (error && error != -ENOENT)
		return error;
	facts.has_released = !error;
	if (!error)
		memcpy(facts.policy, nv.policy, sizeof(facts.policy));
	*ret_facts = facts;
	return 0;
}

bool cordon_anchor_is_sealed(const struct cordon_anchor_facts *facts)
{
	return !facts->has_seals || !facts->has_released || facts->seals > facts->released;
}

/* ---- the first look -------------------------------------------------------------------- */

static int open_in_time(const struct cordon_context *context, bool anchored,
			struct cordon_failure *failure, struct cordon_tpm *ret_tpm)
{
	const uint64_t until = cordon_clock_ns() + DEVICE_SECONDS * 1000000000ULL;
	int error = cordon_tpm_open(context, LOOK_SECONDS, failure, ret_tpm);

	while (error == -ENODEV && anchored && cordon_clock_ns() < until) {
		struct cordon_failure unsaid = { .text = "" };

		poll(NULL, 0, DEVICE_POLL_MS);
		error = cordon_tpm_open(context, LOOK_SECONDS, &unsaid, ret_tpm);
	}
	return error;
}

static bool is_first_look(enum cordon_latch_memory memory, const struct cordon_latch_state *state)
{
	uint8_t boot_id[16];

	cordon_boot_id(&boot_id);
	return memory == CORDON_LATCH_FRESH || memory == CORDON_LATCH_FORGOTTEN ||
	       memcmp(boot_id, state->boot_id, sizeof(boot_id)) != 0;
}

/* Boots go on being counted: what holds from one on does not hold before.  What is on the disk was
 * read, and does not count. */
static enum cordon_latch_memory forget(struct cordon_latch_state *state, uint32_t flags,
				       const char *why)
{
	const struct cordon_latch_state former = *state;

	cordon_latch_forget(state);
	state->boots = former.boots;
	state->sequence = former.sequence;
	state->crc = former.crc;
	state->anchor.flags = flags;
	snprintf(state->reason, sizeof(state->reason), "%s", why);
	return CORDON_LATCH_FORGOTTEN;
}

static bool is_current(const struct cordon_latch_state *state,
		       const struct cordon_anchor_facts *facts)
{
	/* Written, and the power failed before it was counted. */
	return state->anchor.flags & CORDON_LATCH_ANCHORED &&
	       (state->anchor.changes == facts->changes ||
		state->anchor.changes == facts->changes + 1);
}

static void shut(struct cordon_latch_state *state)
{
	state->level = CORDON_LATCH_ISOLATE;
	state->since = cordon_latch_now(state);
	snprintf(state->by, sizeof(state->by), "the TPM");
	snprintf(state->reason, sizeof(state->reason),
		 "the TPM knows of a seal that nobody released");
}

/* Its making was cut short, and there was nothing yet that it held. */
static bool is_half_made(const struct cordon_latch_state *state,
			 const struct cordon_anchor_facts *facts)
{
	return state->anchor.flags & CORDON_LATCH_ANCHORING &&
	       (!facts->has_seals || !facts->has_released || !cordon_anchor_is_sealed(facts));
}

static enum cordon_latch_memory compare(enum cordon_latch_memory memory,
					const struct cordon_anchor_facts *facts,
					struct cordon_latch_state *state)
{
	const bool anchored = state->anchor.flags & CORDON_LATCH_ANCHORED;
	const bool half = is_half_made(state, facts);

	if (!facts->has_changes)
		return anchored ? forget(state, 0,
					 "the TPM was cleared, or is another one: it knows nothing "
					 "of this node") :
				  memory;
	if (!is_current(state, facts) && (anchored || !half))
		memory = forget(state, CORDON_LATCH_ANCHORED,
				"the disk is older than what the TPM knows of it");
	if (!half && cordon_anchor_is_sealed(facts) && state->level < CORDON_LATCH_ISOLATE)
		shut(state);
	return memory;
}

enum cordon_latch_memory cordon_anchor_recall(const struct cordon_context *context,
					      enum cordon_latch_memory memory,
					      struct cordon_latch_state *state)
{
	const bool anchored = state->anchor.flags & CORDON_LATCH_ANCHORED;
	struct cordon_tpm tpm CLEANUP(tpm) = { .fd = -1 };
	struct cordon_failure why = { .text = "" };
	struct cordon_anchor_facts facts;
	int error;

	if (!is_first_look(memory, state))
		return memory;
	error = open_in_time(context, anchored, &why, &tpm);
	if (!error)
		error = cordon_anchor_read(&tpm, &why, &facts);
	if (!error)
		return compare(memory, &facts, state);
	return anchored ? forget(state, 0, why.text) : memory;
}

/* ---- changes --------------------------------------------------------------------------- */

/* What no counter is worth: the seconds that a lease has left, within the same hour. */
static bool is_same(const struct cordon_latch_state *former, const struct cordon_latch_state *state)
{
	struct cordon_latch_state one = *former, other = *state;

	one.sequence = other.sequence = 0;
	one.crc = other.crc = 0;
	one.lease_seconds /= LEASE_SECONDS;
	other.lease_seconds /= LEASE_SECONDS;
	return !memcmp(&one, &other, sizeof(one));
}

static bool is_seal(const struct cordon_latch_state *former, const struct cordon_latch_state *state)
{
	return state->level && (!former || former->level < state->level ||
				memcmp(&former->since, &state->since, sizeof(state->since)) != 0);
}

/* One that the TPM did not answer to is made up for; but a release that is under way is not undone.
 */
static bool is_uncounted(const struct cordon_latch_state *state,
			 const struct cordon_anchor_facts *facts)
{
	return state->level && !cordon_anchor_is_sealed(facts) && !cordon_latch_is_releasing(state);
}

/* Return: -errno: what the TPM knows, or did not get to know, is not certain. */
static int count_before(struct cordon_tpm *tpm, const struct cordon_latch_state *former,
			struct cordon_latch_state *state)
{
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_anchor_facts facts;
	int error = cordon_anchor_read(tpm, &unsaid, &facts);

	if (!error && !facts.has_changes)
		error = -ENOENT;
	if (!error && facts.has_seals && (is_seal(former, state) || is_uncounted(state, &facts)))
		error = cordon_tpm_nv_increment(tpm, CORDON_ANCHOR_SEALS, &unsaid);
	cordon_step("anchor seal");
	if (error)
		return error;
	state->anchor.changes = facts.changes + 1;
	state->anchor.flags &= ~CORDON_LATCH_ANCHOR_DUE;
	return 0;
}

void cordon_anchor_begin(const struct cordon_context *context,
			 const struct cordon_latch_state *former, struct cordon_latch_state *state,
			 struct cordon_anchor_write *ret_write)
{
	struct cordon_failure unsaid = { .text = "" };

	ret_write->tpm.fd = -1;
	ret_write->counts = false;
	if (!(state->anchor.flags & CORDON_LATCH_ANCHORED) || (former && is_same(former, state)))
		return;
	ret_write->counts = !cordon_tpm_open(context, LOOK_SECONDS, &unsaid, &ret_write->tpm) &&
			    !count_before(&ret_write->tpm, former, state);
	if (ret_write->counts)
		return;
	cordon_tpm_close(&ret_write->tpm);
	/* As if the power had failed between the two; one ahead, and never two. */
	if (!(state->anchor.flags & CORDON_LATCH_ANCHOR_DUE))
		state->anchor.changes++;
	state->anchor.flags |= CORDON_LATCH_ANCHOR_DUE;
}

bool cordon_anchor_end(struct cordon_anchor_write *write, int written,
		       struct cordon_latch_state *state)
{
	struct cordon_failure unsaid = { .text = "" };
	uint64_t changes = 0;
	bool again = false;

	if (!write->counts)
		return false;
	cordon_step("anchor file");
	/* Of what is not on the disk the counter must know nothing. */
	if (!written && !cordon_tpm_nv_increment(&write->tpm, CORDON_ANCHOR_CHANGES, &unsaid) &&
	    !cordon_tpm_nv_read(&write->tpm, CORDON_ANCHOR_CHANGES, &unsaid, &changes))
		again = changes != state->anchor.changes;
	cordon_step("anchor change");
	if (again)
		state->anchor.changes = changes;
	cordon_tpm_close(&write->tpm);
	write->counts = false;
	return again;
}

/* ---- status ---------------------------------------------------------------------------- */

static void judge(const struct cordon_latch_state *state, const struct cordon_trust *trust,
		  struct cordon_anchor_view *view)
{
	struct cordon_anchor_rule rule;

	if (state->anchor.flags & CORDON_LATCH_ANCHOR_DUE)
		cordon_fail(&view->problem, 0, "the TPM did not count the last change");
	else if (!cordon_anchor_rule_make(trust, trust->node, &view->problem, &rule) &&
		 memcmp(rule.policy, state->anchor.policy, sizeof(rule.policy)) != 0)
		cordon_fail(&view->problem, 0,
			    "trust/ has changed since: a release answers to who was in it before, "
			    "until cordon run of the open node");
}

static void look(struct cordon_tpm *tpm, const struct cordon_latch_state *state,
		 const struct cordon_trust *trust, struct cordon_anchor_view *view)
{
	struct cordon_anchor_facts facts;
	struct cordon_anchor_rule rule;
	bool owner, lockout;

	if (cordon_anchor_read(tpm, &view->problem, &facts) ||
	    cordon_tpm_guarded(tpm, &view->problem, &owner, &lockout))
		return;
	view->holds = state->anchor.flags & CORDON_LATCH_ANCHORED && facts.has_changes &&
		      facts.has_seals && facts.has_released;
	view->removable = !owner || !lockout;
	view->seals = facts.seals;
	view->released = facts.released;
	if (view->holds)
		judge(state, trust, view);
	else if (state->anchor.flags & CORDON_LATCH_ANCHORED)
		cordon_fail(&view->problem, 0, "what the TPM held of this node was taken from it");
	else if (owner)
		cordon_fail(&view->problem, 0,
			    "the TPM's owner has an authorisation, so that cordon cannot make it");
	else if (!cordon_anchor_rule_make(trust, trust->node, &view->problem, &rule))
		cordon_fail(&view->problem, 0,
			    "cordon run makes it on an open node, from its second boot on");
}

void cordon_anchor_look(const struct cordon_context *context,
			const struct cordon_latch_state *state, const struct cordon_trust *trust,
			struct cordon_anchor_view *ret_view)
{
	struct cordon_tpm tpm CLEANUP(tpm) = { .fd = -1 };

	memset(ret_view, 0, sizeof(*ret_view));
	if (!cordon_tpm_open(context, LOOK_SECONDS, &ret_view->problem, &tpm))
		look(&tpm, state, trust, ret_view);
}
