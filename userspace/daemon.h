/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon: follows what must be followed - interfaces, addresses, denials,
 * the end of a trial.  It holds no state that is not rebuilt from the kernel
 * and the files, and enforcement goes on without it.
 */
#ifndef CORDON_DAEMON_H
#define CORDON_DAEMON_H

#include "context.h"

/**
 * cordon_daemon_hold_signals() - what would end us waits until cordon_daemon_run() reads it
 * Before the first load: that is not to be cut short.
 */
int cordon_daemon_hold_signals(struct cordon_failure *failure);

/**
 * cordon_daemon_run() - until SIGTERM or SIGINT
 *
 * A policy is in force already.  Denials go to standard output.
 * Return: 0 or -errno with @failure.
 */
int cordon_daemon_run(const struct cordon_context *context, struct cordon_failure *failure);

#endif
