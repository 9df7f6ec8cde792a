/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To take everything out of the kernel: first what enforces, then, when all is
 * told, what is left.  The files stay, so that `cordon run` or the next boot
 * enforces again.  Who may ask for it is the caller's to know.
 */
#ifndef CORDON_DETACH_H
#define CORDON_DETACH_H

#include "context.h"

/**
 * cordon_detach_daemon() - end the daemon, which would attach again; not if that is us
 * Return: 0, also if there is none; -EBUSY: it goes on; -errno; with @failure.
 */
int cordon_detach_daemon(const struct cordon_context *context, struct cordon_failure *failure);

/**
 * cordon_detach_hooks() - from here on nothing is enforced; it is told
 *
 * Under the lock.
 * Return: 0; -errno with @failure: some of it is still there.
 */
int cordon_detach_hooks(const struct cordon_context *context, struct cordon_failure *failure);

/** cordon_detach_rest() - what is told is in the log, and no pin is left. Return: 0; -errno with
 *	@failure */
int cordon_detach_rest(const struct cordon_context *context, struct cordon_failure *failure);

#endif
