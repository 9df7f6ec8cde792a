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
 * That state is the caller's to write: until it is on the disk, the node shuts
 * again with the next look.
 * Return: 0; -EBUSY: sealed again in this moment, and still so; with @failure.
 */
int cordon_release(struct cordon_session *session, const struct cordon_release *release,
		   struct cordon_failure *failure);

/** cordon_release_lease() - only the lease begins anew */
void cordon_release_lease(struct cordon_session *session, uint32_t hours, uint32_t boots);

#endif
