/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Orders that destroy: `revoke` and `wipe`.  What is taken is written down
 * before anything is destroyed, and kept with its bytes until all is done, so
 * that who starts after a power failure goes on.
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
 */
enum cordon_refusal cordon_destroy_order(const struct cordon_context *context,
					 const struct cordon_delivery *delivery,
					 const struct cordon_warrant *warrant,
					 struct cordon_outcome *outcome);

/** cordon_destroy_lock() - one at a time destroys and holds down: close it to let go
 * Return: fd; -EBUSY; -errno */
int cordon_destroy_lock(const struct cordon_context *context, unsigned int seconds);

#endif
