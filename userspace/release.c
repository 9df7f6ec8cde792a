// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * To reopen the node; see release.h.
 */
#include "release.h"

#include <errno.h>
#include <stdio.h>

#include "fault.h"
#include "lease.h"
#include "module.h"
#include "order.h"
#include "tell.h"
#include "util/cleanup.h"
#include "util/clock.h"

void cordon_release_lease(struct cordon_session *session, uint32_t hours, uint32_t boots)
{
	struct cordon_control *control = session->maps.control;
	struct cordon_view view CLEANUP(view) = { 0 };

	cordon_view_open(&session->maps, cordon_standing_read(&session->maps).effective,
			 CORDON_LATCH_OPEN, &view);
	cordon_lease_renew(&session->latch, view.settings, control, hours, boots);
	cordon_lease_follow(&session->latch, view.settings, control, cordon_clock_ns());
}

int cordon_release(struct cordon_session *session, const struct cordon_release *release,
		   struct cordon_failure *failure)
{
	struct cordon_latch_state *state = &session->latch;
	struct cordon_control *control = session->maps.control;
	uint32_t before = session->held;

	/* A lease that has lapsed would shut again what is about to open. */
	cordon_release_lease(session, release->hours, release->boots);
	if (!__atomic_compare_exchange_n(&control->latch, &before, CORDON_LATCH_OPEN, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return cordon_fail(failure, -EBUSY, "the node was sealed again in this moment");
	cordon_step("latch released");
	state->level = CORDON_LATCH_OPEN;
	state->since = cordon_latch_now(state);
	snprintf(state->by, sizeof(state->by), "%s", release->by);
	snprintf(state->reason, sizeof(state->reason), "%s", release->reason);
	cordon_tell_latch(session->context, before, CORDON_LATCH_OPEN, state->by, state->reason);
	return 0;
}

int cordon_release_keep(struct cordon_session *session, uint32_t before,
			struct cordon_failure *failure)
{
	const uint32_t level = session->latch.level;
	int error = cordon_latch_write(session->context, &session->latch, failure);
	const bool sealed = session->latch.level > level;

	if (sealed) {
		before = session->latch.level;
		cordon_module_seal(session->context, before);
		error = cordon_fail(failure, -EBUSY, "the node was sealed again in this moment");
	}
	if (error && cordon_control_tighten(session->maps.control, before) < before)
		cordon_tell_latch(
			session->context, CORDON_LATCH_OPEN, before, "cordon",
			sealed ? "the node was sealed before the release was written down" :
				 "the release could not be written down");
	return error;
}
