/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To carry out an order: check it, do what it says, leave a receipt.  What
 * loosens anything is written down before it is done; what shuts is done
 * first.  Policies are compiled and applied by whoever calls, since this side
 * shares nothing with them.
 */
#ifndef CORDON_CARRY_OUT_H
#define CORDON_CARRY_OUT_H

#include "context.h"
#include "receipt.h"
#include "warrant.h"

/**
 * struct cordon_policy_part - how an order with a policy is carried out
 * @prepare: can it be put into force? Changes nothing
 * @apply: do it; @order: SHA-256 of the order, which is still the last one taken;
 *	@under_latch: also on a sealed node
 * Both return 0 or -errno with @failure.
 */
struct cordon_policy_part {
	void *state;
	int (*prepare)(void *state, const struct cordon_order *order,
		       struct cordon_failure *failure);
	int (*apply)(void *state, const uint8_t *order, bool under_latch,
		     struct cordon_failure *failure);
};

/**
 * struct cordon_delivery - the bytes of an order
 * @error: -errno: they could not be read
 * @read_ns: CLOCK_MONOTONIC, when reading them began
 * @confined: who brings it has given up what it takes to destroy anything
 * @locked: who brings it holds cordon_destroy_lock()
 * @again: an attempt before failed, and is recorded; another that fails, too, is not
 */
struct cordon_delivery {
	const void *cms;
	size_t size;
	int error;
	uint64_t read_ns;
	bool confined;
	bool locked;
	bool again;
};

/**
 * cordon_carry_out() - an order, and its receipt
 * @ret_warrant: the order, for who prints it; the caller's to clear
 * @ret_outcome: refused, or done
 * Return: 0: carried out, or taken and refused: @ret_outcome says which; -errno with
 *	@failure: the receipt could not be kept.
 */
int cordon_carry_out(const struct cordon_context *context, const struct cordon_delivery *delivery,
		     const struct cordon_policy_part *policy, struct cordon_failure *failure,
		     struct cordon_warrant *ret_warrant, struct cordon_outcome *ret_outcome);

#endif
