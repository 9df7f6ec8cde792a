/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders that destroy: `revoke` and `wipe`.  What is taken is written down
 * before anything is destroyed, and kept with its bytes until all is done and the
 * receipt says so: who starts after a power failure goes on.
 *
 *	/var/lib/cordon/orders/HEX	an order that was taken or handed over
 *
 * The daemon has given up what it takes to destroy: it checks such an order and
 * puts it there, for `cordon run --hand`.
 */
#ifndef CORDON_DESTROY_ORDER_H
#define CORDON_DESTROY_ORDER_H

#include "carry_out.h"

#define CORDON_ORDERS_FOLDER "/var/lib/cordon/orders"

/**
 * cordon_destroy_order() - carry out an order that is for this node and signed by enough
 * @outcome: gets @why, @passing and what was destroyed
 * @ret_lock: to be closed after cordon_destroy_end(); untouched: who brings the order has it
 */
enum cordon_refusal cordon_destroy_order(const struct cordon_context *context,
					 const struct cordon_delivery *delivery,
					 const struct cordon_warrant *warrant,
					 struct cordon_outcome *outcome, int *ret_lock);

/**
 * cordon_destroy_end() - the receipt of such an order is kept: it is not carried out again
 *
 * One that was not done wholly may come again.
 * Return: 0 or -errno with @failure
 */
int cordon_destroy_end(const struct cordon_context *context, const struct cordon_warrant *warrant,
		       const struct cordon_outcome *outcome, struct cordon_failure *failure);

/** cordon_destroy_lock() - one at a time destroys and holds down: close it to let go
 * Return: fd; -EBUSY; -errno */
int cordon_destroy_lock(const struct cordon_context *context, unsigned int seconds);

#endif
