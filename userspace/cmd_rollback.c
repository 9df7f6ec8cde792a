// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon rollback: the former generation is in force again.
 */
#include <stdio.h>

#include "cmd_policy.h"
#include "command.h"
#include "session.h"
#include "util/cleanup.h"
#include "util/print.h"

int cordon_cmd_rollback(const struct cordon_call *call)
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	struct json json = { .file = stdout };
	uint32_t generation;
	int error;

	if (cordon_call_flags(call, NULL, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	error = cordon_session_open(call->context, CORDON_SESSION_CHANGE, call->failure, &session);
	/* A trial may always end; what was in force long ago is a policy like another. */
	if (!error && !cordon_standing_read(&session.maps).pending)
		error = cmd_policy_need_no_signature(call);
	if (!error)
		error = cordon_session_rollback(&session, call->failure);
	if (error)
		return error;
	generation = cordon_standing_read(&session.maps).effective;
	if (!call->context->json) {
		printf("generation %u is in force again\n", generation);
		return CORDON_EXIT_DONE;
	}
	json_object(&json, NULL);
	json_number(&json, "generation", generation);
	json_object_end(&json);
	json_line_end(&json);
	return CORDON_EXIT_DONE;
}
