/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon does with its inbox: every order is carried out, told in one
 * line, recorded, and taken out of the inbox.  Two wait there: one for a later
 * boot, until we start anew; and one for whose failure the node is to blame,
 * which is tried again and again, told and recorded once.
 */
#ifndef CORDON_DAEMON_ORDERS_H
#define CORDON_DAEMON_ORDERS_H

#include <stdbool.h>

#include "context.h"
#include "inbox.h"

/** cordon_daemon_orders() - those that are there, a bounded number at a time
 * Return: true: one detached cordon, and the daemon has nothing to do any more. */
bool cordon_daemon_orders(const struct cordon_context *context, struct cordon_inbox *inbox);

#endif
