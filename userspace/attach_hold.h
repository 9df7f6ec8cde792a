/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is pinned, held open, so that it outlives the loss of its pin, and pinned
 * again when somebody took the pin away.  And a look at whether what was attached
 * still is.  For the daemon: while it runs, no command of ours takes away for good
 * what is held here.  It attaches nothing itself and does not print.
 */
#ifndef CORDON_ATTACH_HOLD_H
#define CORDON_ATTACH_HOLD_H

#include <stdbool.h>

#include "attach.h"
#include "context.h"
#include "nl.h"

/** struct cordon_hold - close with cordon_hold_close() */
struct cordon_hold;

/** cordon_hold_open() - take hold of all that is pinned now */
int cordon_hold_open(const struct cordon_context *context, struct cordon_failure *failure,
		     struct cordon_hold **ret_hold);
void cordon_hold_close(struct cordon_hold *hold);

/** cordon_hold_fd() - readable when somebody touched the pins */
int cordon_hold_fd(const struct cordon_hold *hold);

/** cordon_hold_read() - take what has arrived; true: a pin may be gone */
bool cordon_hold_read(struct cordon_hold *hold);

/** typedef cordon_hold_tell - what was lost, and what became of it */
typedef void (*cordon_hold_tell)(void *state, const char *what, const char *became);

/**
 * cordon_hold_pins() - pins that are gone are put back, and what is pinned is held from now on
 *
 * Takes the lock: what a command of ours is changing is looked at afterwards.
 * Return: 0; -errno with @failure: there is nowhere to pin, or nothing is held any more; try again.
 */
int cordon_hold_pins(struct cordon_hold *hold, cordon_hold_tell tell, void *state,
		     struct cordon_failure *failure);

/** cordon_hold_is_loose() - a link that is held is on no hook any more */
bool cordon_hold_is_loose(const struct cordon_hold *hold);

/**
 * struct cordon_attached - which hooks were there at the last look
 * @covered: indices of interfaces, owned
 */
struct cordon_attached {
	int *covered;
	size_t nr;
	bool cgroup[CORDON_CGROUP_HOOKS];
};

/**
 * cordon_attached_look() - tell of what was there at the last look and should be still, but is not
 * @attached: is made what is there now
 * Return: whether something was told.
 */
bool cordon_attached_look(struct cordon_attached *attached, const struct cordon_attach *attach,
			  const struct cordon_nl_links *links, cordon_hold_tell tell, void *state);
void cordon_attached_clear(struct cordon_attached *attached);

#endif
