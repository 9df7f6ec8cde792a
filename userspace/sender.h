/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parts of the kernel that hand packets to a device themselves, past its queues and the
 * hooks there: pktgen, which sends what is written to its files, and netconsole, which
 * sends what the kernel logs, and anybody may have logged.  Once the kernel is closed
 * nobody else loads one, opens pktgen's files or makes targets of netconsole
 * (bpf/guard_file.h); what they send is stopped, and as modules they are unloaded.
 */
#ifndef CORDON_SENDER_H
#define CORDON_SENDER_H

#include "context.h"

/**
 * cordon_sender_stop() - all that there are; each that is unloaded is told in the log
 * Return: 0; -EBUSY with @failure: somebody makes pktgen send; -EPERM with @failure: one cannot be
 *	unloaded
 */
int cordon_sender_stop(const struct cordon_context *context, struct cordon_failure *failure);

/** cordon_sender_look() - Return: 0; -EBUSY with @failure: one is loaded */
int cordon_sender_look(struct cordon_failure *failure);

#endif
