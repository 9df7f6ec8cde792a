/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's hand, `cordon run --hand`: what the daemon has given up what it
 * takes to do.  It carries out orders that destroy, which the daemon checked and
 * put aside or which a power failure cut short, and what the lockdown level asks
 * for on this machine, and cuts sockets past the packet path (bypass.h).  It listens to nobody: it
 * looks at files and at the latch, once a second, and checks each order itself.
 */
#ifndef CORDON_DAEMON_HAND_H
#define CORDON_DAEMON_HAND_H

#include "context.h"

/** cordon_daemon_hand() - until a signal ends it; others of them wait. Return: 0 or -errno with
 *	@failure */
int cordon_daemon_hand(const struct cordon_context *context, struct cordon_failure *failure);

#endif
