// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To carry out an order; see carry_out.h for the order of things.
 */
#include "carry_out.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "anchor.h"
#include "bypass.h"
#include "destroy_order.h"
#include "detach.h"
#include "evidence.h"
#include "fault.h"
#include "lockdown.h"
#include "module.h"
#include "release.h"
#include "seal.h"
#include "session.h"
#include "store.h"
#include "tell.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/hex.h"

struct work {
	const struct cordon_context *context;
	const struct cordon_delivery *delivery;
	const struct cordon_policy_part *policy;
	struct cordon_trust trust;
	struct cordon_warrant *warrant;
	struct cordon_outcome *outcome;
	/* What the level asks for, and is not so: told behind the rest. */
	struct cordon_failure aside;
	int *lock; /* of who destroys or detaches, until all of it is done */
};

static enum cordon_refusal refuse(struct work *work, enum cordon_refusal refusal)
{
	work->outcome->refusal = refusal;
	return refusal;
}

/* What another attempt would find just the same: the order and the node do not fit. */
static bool is_for_good(int error)
{
	return error == -EINVAL || error == -EPERM || error == -ESTALE || error == -EFBIG ||
	       error == -E2BIG || error == -ENAMETOOLONG;
}

static enum cordon_refusal failed_unless(struct work *work, int error)
{
	if (!error)
		return CORDON_REFUSAL_NONE;
	work->outcome->passing = !is_for_good(error);
	return refuse(work, CORDON_REFUSAL_FAILED);
}

/* ---- for whom -------------------------------------------------------------------------- */

static void name_from_policy(const struct cordon_context *context, struct cordon_self *self)
{
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_maps maps CLEANUP(maps) = cordon_maps_none();
	struct cordon_view view CLEANUP(view) = { 0 };

	if (cordon_maps_open(context, &unsaid, &maps) ||
	    cordon_view_open(&maps, cordon_standing_read(&maps).effective, CORDON_LATCH_OPEN,
			     &view))
		return;
	snprintf(self->node, sizeof(self->node), "%.63s", view.settings->node);
}

static struct cordon_self who_am_i(const struct work *work)
{
	struct cordon_self self = { .node = "" };

	memcpy(self.node, work->trust.node, sizeof(self.node));
	memcpy(self.fleets, work->trust.fleets, sizeof(self.fleets));
	if (!self.node[0])
		name_from_policy(work->context, &self);
	return self;
}

/* ---- what is done ---------------------------------------------------------------------- */

/* What can be written down is; that the disk is full does not keep a seal from its work. */
static void note_seal(struct work *work, struct cordon_failure *failure)
{
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_latch_state state;
	int lock CLEANUP(close) = -1;

	if (cordon_lock_take(work->context, failure, &lock))
		return;
	cordon_latch_read(work->context, &state);
	/* One with a higher counter came in between. */
	if (cordon_warrant_is_new(work->warrant, &state, &unsaid))
		return;
	cordon_warrant_take(work->warrant, &state);
	cordon_warrant_finish(work->warrant, &state);
	cordon_latch_write(work->context, &state, failure);
}

static int take_evidence(struct work *work, unsigned int seconds, struct cordon_failure *failure)
{
	const struct cordon_warrant *warrant = work->warrant;
	char digest[17], name[64], by[96];

	cordon_hex_format(warrant->message.digest, sizeof(digest) / 2, digest);
	snprintf(name, sizeof(name), "%06llu-%s", (unsigned long long)warrant->order.counter,
		 digest);
	cordon_warrant_describe(warrant, sizeof(by), by);
	return cordon_evidence_take_apart(
		work->context,
		&(struct cordon_evidence_wish){ .name = name,
						.by = by,
						.reason = warrant->order.reason,
						.bytes = CORDON_EVIDENCE_BYTES,
						.seconds = seconds },
		failure, &work->outcome->evidence);
}

/* Before anything is cut.  What becomes of it keeps no seal from its work, and not for long. */
static void take_evidence_first(struct work *work)
{
	const uint32_t seconds = work->warrant->order.evidence;

	if (seconds)
		take_evidence(work, seconds, &work->outcome->no_evidence);
}

static enum cordon_refusal seal(struct work *work)
{
	struct cordon_outcome *outcome = work->outcome;
	const struct cordon_order *order = &work->warrant->order;
	struct cordon_failure counter = { .text = "" };
	struct cordon_latch_state state;
	struct cordon_sealed sealed;
	char by[sizeof(state.by)];
	int error;

	cordon_latch_read(work->context, &state);
	if (refuse(work, cordon_warrant_is_new(work->warrant, &state, &outcome->why)))
		return outcome->refusal;
	take_evidence_first(work);
	cordon_warrant_describe(work->warrant, sizeof(by), by);
	error = cordon_seal(work->context, order->level, by, order->reason, &outcome->why, &sealed);
	if (error)
		return failed_unless(work, error);
	outcome->before = sealed.before;
	outcome->after = order->level;
	outcome->shut_ns = sealed.shut_ns;
	outcome->overtaken = sealed.overtaken;
	outcome->cut = sealed.cut.cut;
	cordon_sealed_faults(&sealed, &outcome->why);
	note_seal(work, &counter);
	cordon_fail_also(&outcome->why, "its counter is not kept", &counter);
	cordon_fail_also(&outcome->why, "no evidence", &outcome->no_evidence);
	return CORDON_REFUSAL_NONE;
}

/* Another keep list can open as much as a release does, and takes as many signatures. */
static enum cordon_refusal check_sealed(struct work *work, const struct cordon_session *session)
{
	if (work->warrant->order.action != CORDON_ACTION_POLICY ||
	    !cordon_standing_read(&session->maps).latch)
		return CORDON_REFUSAL_NONE;
	return refuse(work, cordon_warrant_permits(&work->trust, work->warrant, CORDON_ROLE_RELEASE,
						   &work->outcome->why));
}

/* What the TPM would not take is not taken either: the owner is told what is missing, and the order
 * may come again. */
static enum cordon_refusal check_anchor(struct work *work, const struct cordon_session *session)
{
	const struct cordon_order *order = &work->warrant->order;

	if (!cordon_action_opens(order->action))
		return CORDON_REFUSAL_NONE;
	return failed_unless(work, cordon_anchor_permits(work->context, &session->latch,
							 &work->trust, order, &work->outcome->why));
}

/* From here on the order counts, whatever becomes of it. */
static enum cordon_refusal take(struct work *work, struct cordon_session *session)
{
	struct cordon_failure *why = &work->outcome->why;

	if (refuse(work, cordon_warrant_is_new(work->warrant, &session->latch, why)) ||
	    check_sealed(work, session) || check_anchor(work, session))
		return work->outcome->refusal;
	cordon_warrant_take(work->warrant, &session->latch);
	return failed_unless(work, cordon_latch_write(work->context, &session->latch, why));
}

/* Of any order but a release the level is what it was, and stays so.  Where nothing enforces it
 * any more there is none to return to. */
static enum cordon_refusal finish(struct work *work, struct cordon_session *session)
{
	const struct cordon_outcome *outcome = work->outcome;

	cordon_warrant_finish(work->warrant, &session->latch);
	return failed_unless(work,
			     cordon_release_keep(session, outcome->detached ? 0 : outcome->before,
						 &work->outcome->why));
}

/* What was not loaded, or had lost pins, was loaded for us, without its policy. */
static void say_unloaded(struct work *work, const struct cordon_session *session)
{
	if (cordon_standing_read(&session->maps).effective || !cordon_store_active(work->context))
		return;
	cordon_fail(&work->outcome->why, -ENOENT,
		    "the node is open, but its policy is not in force: cordon run --once puts it "
		    "there");
}

static int reopen(struct work *work, struct cordon_session *session)
{
	const struct cordon_order *order = &work->warrant->order;
	char by[sizeof(session->latch.by)];
	int error;

	/* Before the order is spent in module and TPM; who sealed at the same level wrote it down. */
	if (cordon_standing_read(&session->maps).stored_latch != session->held ||
	    !cordon_latch_is_releasing(&session->latch))
		return cordon_fail(&work->outcome->why, -EBUSY,
				   "the node was sealed again in this moment");
	/* What the module does not open stays shut. */
	error = cordon_module_release(work->context, work->delivery->cms, work->delivery->size,
				      &work->outcome->why);
	if (error)
		return error;
	cordon_warrant_describe(work->warrant, sizeof(by), by);
	error = cordon_anchor_release(work->context, &session->latch, &work->trust, order,
				      &work->outcome->why);
	if (error)
		return error;
	error = cordon_release(session,
			       &(struct cordon_release){ by, order->reason, order->lease_hours,
							 order->lease_boots },
			       &work->outcome->why);
	/* Of what came since, the module may have been opened, too. */
	if (error == -EBUSY)
		cordon_module_seal(work->context, cordon_standing_read(&session->maps).latch);
	if (!error)
		cordon_module_follow(session, NULL);
	return error;
}

static int reopen_node(struct work *work, struct cordon_session *session)
{
	const int error = reopen(work, session);

	if (!error)
		say_unloaded(work, session);
	return error;
}

/* What the level asks for, or asked for, on this machine: at once, where we may. */
static void follow_level(struct work *work)
{
	struct cordon_failure lockdown = { .text = "" }, sockets = { .text = "" };

	if (work->delivery->confined)
		return;
	cordon_lockdown_once(work->context, &lockdown);
	cordon_bypass_cut_once(work->context, &sockets);
	cordon_fail_also(&work->aside, "lockdown", &lockdown);
	cordon_fail_also(&work->aside, "sockets", &sockets);
}

/* What opens is opened first: cut short from there on, the order may still come again, as long as
 * nobody seals. */
static int leave(struct work *work, struct cordon_session *session)
{
	struct cordon_failure *why = &work->outcome->why;
	int error;

	work->outcome->before = cordon_standing_read(&session->maps).latch;
	error = cordon_detach_daemon(work->context, why);
	if (error)
		return error;
	/* That took its time, and nobody gave a sign of life meanwhile. */
	cordon_module_live(work->context);
	error = reopen(work, session);
	if (error)
		return error;
	session->latch.release_since = session->latch.since;
	error = cordon_release_keep(session, work->outcome->before, why);
	/* While the hooks are still there: it may take longer than the module's watch waits. */
	if (!error)
		error = cordon_module_rest(work->context, why);
	if (error)
		return error;
	follow_level(work);
	error = cordon_detach_hooks(work->context, why);
	/* Sealed meanwhile: what was let go is held again. */
	if (error == -EBUSY)
		follow_level(work);
	if (error)
		return error;
	work->outcome->detached = true;
	*work->lock = TAKE_FD(session->lock);
	return 0;
}

static int act(struct work *work, struct cordon_session *session)
{
	const struct cordon_order *order = &work->warrant->order;
	int error = 0;

	work->outcome->before = cordon_standing_read(&session->maps).latch;
	if (order->action == CORDON_ACTION_RELEASE)
		error = reopen_node(work, session);
	else if (order->action == CORDON_ACTION_RENEW || order->lease_hours || order->lease_boots)
		cordon_release_lease(session, order->lease_hours, order->lease_boots);
	if (order->action == CORDON_ACTION_POLICY)
		memcpy(session->latch.policy, order->digest, sizeof(session->latch.policy));
	work->outcome->after = cordon_standing_read(&session->maps).latch;
	return error;
}

/* @step: what is done under the lock once the order is taken; NULL: nothing yet */
static enum cordon_refusal take_and(struct work *work,
				    int (*step)(struct work *work, struct cordon_session *session))
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	struct cordon_failure *why = &work->outcome->why;

	if (failed_unless(work,
			  cordon_session_open(work->context, CORDON_SESSION_LOAD, why, &session)))
		return work->outcome->refusal;
	if (take(work, &session) || !step)
		return work->outcome->refusal;
	cordon_step("order taken");
	if (failed_unless(work, step(work, &session)))
		return work->outcome->refusal;
	return finish(work, &session);
}

static int take_snapshot(struct work *work)
{
	return take_evidence(work, CORDON_EVIDENCE_ORDER_SECONDS, &work->outcome->why);
}

/* Since the order was taken the node may have been sealed: then who may only sign policies must
 * not change what is kept. */
static int apply_policy(struct work *work)
{
	struct cordon_failure unsaid = { .text = "" };
	const bool under_latch =
		!cordon_warrant_permits(&work->trust, work->warrant, CORDON_ROLE_RELEASE, &unsaid);

	return work->policy->apply(work->policy->state, work->warrant->message.digest, under_latch,
				   &work->outcome->why);
}

/* What takes its time is done between two looks at the latch, without the lock: who seals
 * meanwhile waits for nothing, and what he writes down stays. */
static enum cordon_refusal take_long(struct work *work, int (*step)(struct work *work))
{
	if (take_and(work, NULL) || failed_unless(work, step(work)))
		return work->outcome->refusal;
	return take_and(work, act);
}

static enum cordon_refusal change_policy(struct work *work)
{
	const int error = work->policy->prepare(work->policy->state, &work->warrant->order,
						&work->outcome->why);

	return error ? failed_unless(work, error) : take_long(work, apply_policy);
}

static enum cordon_refusal carry_out(struct work *work)
{
	const struct cordon_self self = who_am_i(work);
	const struct cordon_order *order = &work->warrant->order;

	if (refuse(work, cordon_warrant_names(order, &self, &work->outcome->why)))
		return work->outcome->refusal;
	switch (order->action) {
	case CORDON_ACTION_SEAL:
		return seal(work);
	case CORDON_ACTION_POLICY:
		return change_policy(work);
	case CORDON_ACTION_SNAPSHOT:
		return take_long(work, take_snapshot);
	case CORDON_ACTION_REVOKE:
	case CORDON_ACTION_WIPE:
		return cordon_destroy_order(work->context, work->delivery, work->warrant,
					    work->outcome, work->lock);
	case CORDON_ACTION_DETACH:
		return take_and(work, leave);
	case CORDON_ACTION_RELEASE:
	case CORDON_ACTION_RENEW:
		break;
	}
	return take_and(work, act);
}

/* Signatures, manifest, role.  What can fail here but the order is the files of trust/. */
static enum cordon_refusal open_order(struct work *work)
{
	const struct cordon_delivery *delivery = work->delivery;
	struct cordon_outcome *outcome = work->outcome;

	if (delivery->error) {
		cordon_fail(&outcome->why, 0, "it cannot be read: %s",
			    cordon_file_problem(delivery->error));
		return failed_unless(work, delivery->error);
	}
	refuse(work, cordon_warrant_open(delivery->cms, delivery->size, &work->trust, &outcome->why,
					 work->warrant));
	outcome->passing = outcome->refusal == CORDON_REFUSAL_FAILED;
	/* Also of what is no order at all. */
	cordon_sign_digest(delivery->cms, delivery->size, &work->warrant->message.digest);
	return outcome->refusal;
}

static void tell(const struct cordon_context *context, const struct cordon_warrant *warrant,
		 const struct cordon_outcome *outcome)
{
	struct cordon_event_order told = {
		.counter = warrant->order.counter,
		.refused = outcome->refusal != CORDON_REFUSAL_NONE,
	};
	char action[96] = "", by[96] = "";

	memcpy(told.digest, warrant->message.digest, sizeof(told.digest));
	if (warrant->is_order) {
		cordon_order_action_text(&warrant->order, &action);
		cordon_warrant_describe(warrant, sizeof(by), by);
	}
	cordon_tell_order(context, &told, action, by,
			  told.refused ? cordon_refusal_name(outcome->refusal) : "",
			  outcome->why.text);
}

/* Sealed again, it is not detached: a daemon has its work, and who was told so is told otherwise. */
static int leave_rest(struct work *work, struct cordon_failure *failure)
{
	struct cordon_outcome *outcome = work->outcome;
	struct cordon_failure why = { .text = "" };
	const int error = cordon_detach_rest(work->context, work->lock, &why);

	if (error != -EBUSY)
		return error ? cordon_fail(failure, error, "%s", why.text) : 0;
	outcome->detached = false;
	refuse(work, CORDON_REFUSAL_FAILED);
	work->aside.text[0] = '\0';
	follow_level(work);
	cordon_fail_also(&why, NULL, &work->aside);
	outcome->why = why;
	tell(work->context, work->warrant, outcome);
	return cordon_receipt_keep(work->context, work->warrant, outcome, failure);
}

int cordon_carry_out(const struct cordon_context *context, const struct cordon_delivery *delivery,
		     const struct cordon_policy_part *policy, struct cordon_failure *failure,
		     struct cordon_warrant *ret_warrant, struct cordon_outcome *ret_outcome)
{
	const struct cordon_path folder = cordon_path_root(context, CORDON_TRUST_FOLDER);
	int lock CLEANUP(close) = -1;
	struct work work = { context,	  delivery,    policy,	       { .node = "" },
			     ret_warrant, ret_outcome, { .text = "" }, &lock };
	struct cordon_latch_state state;
	int error, rest = 0;

	memset(ret_warrant, 0, sizeof(*ret_warrant));
	memset(ret_outcome, 0, sizeof(*ret_outcome));
	ret_outcome->read_ns = delivery->read_ns;
	cordon_trust_read(folder.text, &work.trust);
	if (!open_order(&work))
		carry_out(&work);
	cordon_trust_clear(&work.trust);
	if (!ret_outcome->refusal && !ret_outcome->detached &&
	    ret_outcome->before != ret_outcome->after)
		follow_level(&work);
	cordon_fail_also(&ret_outcome->why, NULL, &work.aside);
	ret_outcome->done_ns = cordon_clock_ns();
	cordon_latch_read(context, &state);
	ret_outcome->at = cordon_latch_now(&state);
	if (ret_outcome->handed ||
	    (delivery->again && ret_outcome->passing && !ret_outcome->detached))
		return 0;
	tell(context, ret_warrant, ret_outcome);
	error = cordon_receipt_keep(context, ret_warrant, ret_outcome, failure);
	if (ret_outcome->destruction.each)
		rest = cordon_destroy_end(context, ret_warrant, ret_outcome, failure);
	/* With what tells, as the last. */
	if (ret_outcome->detached)
		rest = leave_rest(&work, failure);
	return error ? error : rest;
}
