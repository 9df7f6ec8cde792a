// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon rollback: the former generation is in force again.
 */
#include "cmd_policy.h"
#include "command.h"
#include "session.h"
#include "util/cleanup.h"

int cordon_cmd_rollback(const struct cordon_call *call)
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	int error;

	if (cordon_call_flags(call, NULL, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	error = cordon_session_open(call->context, CORDON_SESSION_CHANGE, call->failure, &session);
	/* A trial may always end; what was in force long ago is a policy like another. */
	if (!error && !cordon_standing_read(&session.maps).pending)
		error = cmd_policy_need_no_signature(call);
	if (!error)
		error = cordon_session_rollback(&session, call->failure);
	return error ? error : cmd_policy_tell(call, &session, "is in force again");
}
