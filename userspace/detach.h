/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To take everything out of the kernel: first what enforces, then, when all is
 * told, what is left.  The files stay, so that `cordon run` or the next boot
 * enforces again.  Who may ask for it is the caller's to know.
 */
#ifndef CORDON_DETACH_H
#define CORDON_DETACH_H

#include <stdint.h>

#include "context.h"

/**
 * cordon_detach_daemon() - end the daemon, which would attach again; not if that is us
 * Return: 0, also if there is none; -EBUSY: it goes on; -errno; with @failure.
 */
int cordon_detach_daemon(const struct cordon_context *context, struct cordon_failure *failure);

/** cordon_detach_level() - the tightest of programs, module and memory: while it is not open, what
 *	holds the node does not go */
uint32_t cordon_detach_level(const struct cordon_context *context);

/**
 * cordon_detach_hooks() - from here on nothing is enforced; it is told
 *
 * Under the lock.
 * Return: 0; -EBUSY: sealed in this moment, and as it was but for the guard; -errno: some of it is
 *	still there; with @failure.
 */
int cordon_detach_hooks(const struct cordon_context *context, struct cordon_failure *failure);

/**
 * cordon_detach_rest() - what is told is in the log, and no pin is left
 * @lock: held since before the hooks went, as whoever waits for it counts on the pins; the caller's
 *	to close
 * Return: 0; -EBUSY: sealed since, and shut again, which took the lock; -errno; with @failure.
 */
int cordon_detach_rest(const struct cordon_context *context, int *lock,
		       struct cordon_failure *failure);

#endif
