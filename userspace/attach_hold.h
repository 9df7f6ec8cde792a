/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is pinned, held open, so that it outlives the loss of its pin, and pinned
 * again when somebody took the pin away.  For the daemon: while it runs, no command
 * of ours takes away for good what is held here.  It attaches nothing and does not
 * print.
 */
#ifndef CORDON_ATTACH_HOLD_H
#define CORDON_ATTACH_HOLD_H

#include <stdbool.h>

#include "context.h"

/** struct cordon_hold - close with cordon_hold_close() */
struct cordon_hold;

/** typedef cordon_hold_tell - a pin, "maps/control", was taken away and is back */
typedef void (*cordon_hold_tell)(void *state, const char *pin);

/** cordon_hold_open() - take hold of all that is pinned now */
int cordon_hold_open(const struct cordon_context *context, cordon_hold_tell tell, void *state,
		     struct cordon_failure *failure, struct cordon_hold **ret_hold);
void cordon_hold_close(struct cordon_hold *hold);

/** cordon_hold_fd() - readable when somebody touched the pins */
int cordon_hold_fd(const struct cordon_hold *hold);

/** cordon_hold_read() - take what has arrived; true: a pin may be gone, or be another */
bool cordon_hold_read(struct cordon_hold *hold);

/**
 * cordon_hold_pins() - pins that are gone are put back, and what is pinned is held from now on
 *
 * Takes the lock: what a command of ours is changing is looked at afterwards.
 * Return: 0; -errno with @failure: there is nowhere to pin, or nothing is held any more; try again.
 */
int cordon_hold_pins(struct cordon_hold *hold, struct cordon_failure *failure);

/** cordon_hold_let_go() - of a link that we are about to unpin ourselves */
void cordon_hold_let_go(struct cordon_hold *hold, const char *link);

/** cordon_hold_is_loose() - a link that is held is on no hook any more, or one that was is held no
 *	more, since another took its pin, which is told once: look at the hooks */
bool cordon_hold_is_loose(struct cordon_hold *hold);

#endif
