/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * To reopen the node, for who has the right to: an order, or the code that the
 * owner gave out for emergencies.  It does not ask for that right.
 */
#ifndef CORDON_RELEASE_H
#define CORDON_RELEASE_H

#include "session.h"

/**
 * struct cordon_release - how
 * @by, @reason: for people
 * @hours, @boots: that the dead-man lease lasts from now on; both 0: as the policy says
 */
struct cordon_release {
	const char *by;
	const char *reason;
	uint32_t hours;
	uint32_t boots;
};

/**
 * cordon_release() - the latch is open, in the kernel and in session->latch
 *
 * cordon_release_keep() is to follow.
 * Return: 0; -EBUSY: sealed since the session read the latch, and still so; with @failure.
 */
int cordon_release(struct cordon_session *session, const struct cordon_release *release,
		   struct cordon_failure *failure);

/**
 * cordon_release_keep() - write session->latch down; a release that cannot be is none, and the
 *	level is @before again at once, not with the next look
 * Return: 0; -EBUSY: sealed since the session read it, and at that level; -errno; with @failure.
 */
int cordon_release_keep(struct cordon_session *session, uint32_t before,
			struct cordon_failure *failure);

/** cordon_release_lease() - only the lease begins anew */
void cordon_release_lease(struct cordon_session *session, uint32_t hours, uint32_t boots);

#endif
