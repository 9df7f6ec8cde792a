// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon confirm: what waits for its confirmation stays.
 */
#include "cmd_policy.h"
#include "command.h"
#include "session.h"
#include "util/cleanup.h"

int cordon_cmd_confirm(const struct cordon_call *call)
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	int error;

	if (cordon_call_flags(call, NULL, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	error = cordon_session_open(call->context, CORDON_SESSION_CHANGE, call->failure, &session);
	if (!error)
		error = cordon_session_confirm(&session, call->failure);
	return error ? error : cmd_policy_tell(call, &session, "is confirmed");
}
