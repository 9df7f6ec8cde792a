// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is an order good?  See warrant.h.
 */
#include "warrant.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "latch.h"

_Static_assert((int)CORDON_ROLE_COUNT <= CORDON_LATCH_ROLES, "each role has its counter");

const char *cordon_refusal_name(enum cordon_refusal refusal)
{
	static const char *const names[] = {
#define CORDON_REFUSAL_TEXT(name, text) text,
		CORDON_REFUSALS(CORDON_REFUSAL_TEXT)
#undef CORDON_REFUSAL_TEXT
	};

	return names[refusal];
}

void cordon_warrant_clear(struct cordon_warrant *warrant)
{
	cordon_signed_clear(&warrant->message);
	memset(warrant, 0, sizeof(*warrant));
}

static enum cordon_refusal refusal_of(int error)
{
	switch (error) {
	case 0:
		return CORDON_REFUSAL_NONE;
	case -EKEYREJECTED:
		return CORDON_REFUSAL_BAD_SIGNATURE;
	case -ENOKEY:
		return CORDON_REFUSAL_UNTRUSTED;
	case -EPERM:
		return CORDON_REFUSAL_WRONG_ROLE;
	case -EDQUOT:
		return CORDON_REFUSAL_TOO_FEW;
	case -EBADMSG:
	case -EINVAL:
		return CORDON_REFUSAL_MALFORMED;
	default:
		return CORDON_REFUSAL_FAILED;
	}
}

enum cordon_refusal cordon_warrant_permits(const struct cordon_trust *trust,
					   const struct cordon_warrant *warrant,
					   enum cordon_role role, struct cordon_failure *failure)
{
	return refusal_of(cordon_trust_permits(trust, &warrant->message, role, failure));
}

enum cordon_refusal cordon_warrant_open(const void *cms, size_t size,
					const struct cordon_trust *trust,
					struct cordon_failure *failure,
					struct cordon_warrant *ret_warrant)
{
	struct cordon_warrant *warrant = ret_warrant;
	int error;

	memset(warrant, 0, sizeof(*warrant));
	error = cordon_sign_open(cms, size, trust, failure, &warrant->message);
	if (error)
		return refusal_of(error);
	/* What nobody trusted signed is not looked at. */
	if (!warrant->message.nr_signers)
		return refusal_of(
			cordon_trust_permits(trust, &warrant->message, CORDON_ROLE_SEAL, failure));
	error = cordon_order_parse(warrant->message.text, warrant->message.size, failure,
				   &warrant->order);
	if (error)
		return refusal_of(error);
	warrant->is_order = true;
	return refusal_of(cordon_trust_permits(trust, &warrant->message,
					       cordon_action_role(warrant->order.action), failure));
}

enum cordon_refusal cordon_warrant_names(const struct cordon_order *order,
					 const struct cordon_self *self,
					 struct cordon_failure *failure)
{
	if (cordon_order_names_share(order->nodes, self->node) ||
	    cordon_order_names_share(order->fleets, self->fleets))
		return CORDON_REFUSAL_NONE;
	if (order->nodes[0] && !self->node[0])
		cordon_fail(failure, -EINVAL,
			    "the order is for node %s, and this one has no name: put `node: NAME` "
			    "into trust/node, or name it in the policy",
			    order->nodes);
	else if (order->nodes[0])
		cordon_fail(failure, -EINVAL, "the order is for node %s; this is %s", order->nodes,
			    self->node);
	else
		cordon_fail(failure, -EINVAL, "the order is for fleet %s; this node is in %s",
			    order->fleets, self->fleets[0] ? self->fleets : "none");
	return CORDON_REFUSAL_OTHER_NODE;
}

static const struct cordon_latch_role *role_in(const struct cordon_latch_state *state,
					       const struct cordon_order *order)
{
	return &state->role[cordon_action_role(order->action)];
}

/* A seal may always come: who repeats it shuts, and opens nothing. */
static enum cordon_refusal check_challenge(const struct cordon_order *order,
					   const struct cordon_latch_state *state,
					   struct cordon_failure *failure)
{
	/* Also once a counter is known again: orders from before the loss may have higher ones. */
	const bool lost = role_in(state, order)->counter == CORDON_LATCH_COUNTER_UNKNOWN ||
			  cordon_latch_has_challenge(state);
	const char *role = cordon_role_name(cordon_action_role(order->action));

	if (order->has_challenge &&
	    memcmp(order->challenge, state->challenge, sizeof(state->challenge)) != 0) {
		cordon_fail(failure, -EINVAL,
			    "the order names another challenge than the node's; cordon status "
			    "shows it");
		return CORDON_REFUSAL_CHALLENGE;
	}
	if (!lost || order->has_challenge || order->action == CORDON_ACTION_SEAL)
		return CORDON_REFUSAL_NONE;
	cordon_fail(failure, -EINVAL,
		    "the node lost its counter of %s orders once: an order must name the challenge "
		    "that cordon status shows",
		    role);
	return CORDON_REFUSAL_CHALLENGE;
}

/* A release that was cut short opens what it was given for, and not what was shut since. */
static bool may_finish(const struct cordon_order *order, const struct cordon_latch_state *state)
{
	return !cordon_action_opens(order->action) || cordon_latch_is_releasing(state);
}

/* It shares its counter with seals, which may come while it is under way. */
bool cordon_warrant_is_revoking(const struct cordon_warrant *warrant,
				const struct cordon_latch_state *state)
{
	return warrant->order.action == CORDON_ACTION_REVOKE &&
	       !memcmp(state->revoking, warrant->message.digest, sizeof(state->revoking));
}

static enum cordon_refusal check_counter(const struct cordon_warrant *warrant,
					 const struct cordon_latch_state *state,
					 struct cordon_failure *failure)
{
	const struct cordon_latch_role *role = role_in(state, &warrant->order);
	const bool same = !memcmp(role->digest, warrant->message.digest, sizeof(role->digest));

	if (cordon_warrant_is_revoking(warrant, state))
		return CORDON_REFUSAL_NONE;
	if (role->counter == CORDON_LATCH_COUNTER_UNKNOWN || warrant->order.counter > role->counter)
		return CORDON_REFUSAL_NONE;
	if (same && role->unfinished && may_finish(&warrant->order, state))
		return CORDON_REFUSAL_NONE;
	if (same && role->unfinished)
		cordon_fail(
			failure, -EINVAL,
			"the node was sealed again since it took this order: another is needed");
	else if (same)
		cordon_fail(failure, -EINVAL, "the order was carried out already");
	else
		cordon_fail(failure, -EINVAL,
			    "the order has counter %llu, and the node took %llu for %s orders: it "
			    "is old, or its counter must be higher",
			    (unsigned long long)warrant->order.counter,
			    (unsigned long long)role->counter,
			    cordon_role_name(cordon_action_role(warrant->order.action)));
	return CORDON_REFUSAL_REPLAYED;
}

enum cordon_refusal cordon_warrant_is_new(const struct cordon_warrant *warrant,
					  const struct cordon_latch_state *state,
					  struct cordon_failure *failure)
{
	enum cordon_refusal refusal = check_challenge(&warrant->order, state, failure);

	if (!refusal)
		refusal = check_counter(warrant, state, failure);
	if (refusal || state->boots >= warrant->order.not_before_boot)
		return refusal;
	cordon_fail(failure, -EINVAL, "the order holds from boot %llu on; this is boot %llu",
		    (unsigned long long)warrant->order.not_before_boot,
		    (unsigned long long)state->boots);
	return CORDON_REFUSAL_TOO_EARLY;
}

/* What does not fit whole is not begun. Return: whether it did */
static bool __attribute__((format(printf, 4, 5)))
add_whole(char *text, size_t size, size_t *used, const char *format, ...)
{
	const size_t room = size - *used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text + *used, room, format, arguments);
	va_end(arguments);
	if (length >= 0 && (size_t)length < room) {
		*used += (size_t)length;
		return true;
	}
	text[*used] = '\0';
	return false;
}

/* " +15 more", or that there are any */
#define MORE_SIZE 9

void cordon_warrant_describe(const struct cordon_warrant *warrant, size_t size, char *ret_text)
{
	const struct cordon_signed *message = &warrant->message;
	size_t used = 0, nr = 0;

	add_whole(ret_text, size, &used, "order %llu of %s",
		  (unsigned long long)warrant->order.counter, warrant->order.issuer);
	for (; nr < message->nr_signers; nr++) {
		const size_t kept = nr + 1 < message->nr_signers ? MORE_SIZE : 0;

		if (used + kept >= size ||
		    !add_whole(ret_text, size - kept, &used, "%s %s", nr ? "," : ", signed by",
			       message->signer[nr].subject))
			break;
	}
	if (nr < message->nr_signers &&
	    (!nr || !add_whole(ret_text, size, &used, " +%zu more", message->nr_signers - nr)))
		add_whole(ret_text, size, &used, "...");
}

void cordon_warrant_take(const struct cordon_warrant *warrant, struct cordon_latch_state *state)
{
	struct cordon_latch_role *role = &state->role[cordon_action_role(warrant->order.action)];

	/* One that goes on: the role may have taken others since. */
	if (cordon_warrant_is_revoking(warrant, state))
		return;
	if (warrant->order.action == CORDON_ACTION_REVOKE)
		memcpy(state->revoking, warrant->message.digest, sizeof(state->revoking));
	role->counter = warrant->order.counter;
	memcpy(role->digest, warrant->message.digest, sizeof(role->digest));
	role->unfinished = 1;
	if (cordon_action_opens(warrant->order.action))
		state->release_since = state->since;
}

void cordon_warrant_finish(const struct cordon_warrant *warrant, struct cordon_latch_state *state)
{
	struct cordon_latch_role *role = &state->role[cordon_action_role(warrant->order.action)];

	if (!memcmp(role->digest, warrant->message.digest, sizeof(role->digest)))
		role->unfinished = 0;
	if (cordon_warrant_is_revoking(warrant, state))
		memset(state->revoking, 0, sizeof(state->revoking));
}
