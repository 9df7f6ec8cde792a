/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon does with its inbox: every order is carried out, told in one
 * line, and taken out of the inbox.
 */
#ifndef CORDON_DAEMON_ORDERS_H
#define CORDON_DAEMON_ORDERS_H

#include "context.h"
#include "inbox.h"

/** cordon_daemon_orders() - those that are there, a bounded number at a time */
void cordon_daemon_orders(const struct cordon_context *context, struct cordon_inbox *inbox);

#endif
