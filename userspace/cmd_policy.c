// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policy text to image, with its mistakes printed one a line, and into force.
 */
#include "cmd_policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "diag.h"
#include "operator.h"
#include "policy.h"
#include "sign.h"
#include "util/cleanup.h"
#include "util/print.h"
#include "way_in.h"

static void print_diagnostics(const struct cordon_diag *diag)
{
	for (size_t i = 0; i < diag->stored; i++) {
		char *line CLEANUP(free) = cordon_diag_format(&diag->entry[i]);

		if (line)
			fprintf(stderr, "%s\n", line);
	}
	if (diag->errors + diag->warnings > diag->stored)
		fprintf(stderr, "... and %zu more\n", diag->errors + diag->warnings - diag->stored);
}

/* For programs: an editor, a pipeline. */
static void print_json(const struct cordon_diag *diag)
{
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_number(&json, "errors", diag->errors);
	json_number(&json, "warnings", diag->warnings);
	json_array(&json, "diagnostics");
	for (size_t i = 0; i < diag->stored; i++) {
		const struct cordon_diagnostic *entry = &diag->entry[i];
		const bool warning = entry->severity == CORDON_SEVERITY_WARNING;

		json_object(&json, NULL);
		json_string(&json, "file", entry->file ? entry->file : "");
		json_number(&json, "line", entry->line);
		json_number(&json, "column", entry->column);
		json_string(&json, "severity", warning ? "warning" : "error");
		json_string(&json, "text", entry->text ? entry->text : "");
		json_object_end(&json);
	}
	json_array_end(&json);
	json_object_end(&json);
	json_line_end(&json);
}

int cmd_policy_compile(const struct cordon_call *call, const char *path, uint64_t active_serial,
		       struct cordon_image **ret_image)
{
	struct cordon_diag diag = { .stored = 0 };
	const int error = cordon_compile_file(path, active_serial, &diag, ret_image);
	const bool said = diag.errors > 0;

	print_diagnostics(&diag);
	if (error && said && call->context->json)
		print_json(&diag);
	cordon_diag_clear(&diag);
	if (error && !said)
		return cordon_fail(call->failure, error, "%s: %s", path, strerror(-error));
	return error ? CORDON_EXIT_FAILED : 0;
}

int cmd_policy_need_no_signature(const struct cordon_call *call)
{
	const struct cordon_path trusted =
		cordon_path_root(call->context, CORDON_TRUST_FOLDER "/policy.pem");

	if (access(trusted.text, F_OK))
		return 0;
	return cordon_fail(call->failure, -EPERM,
			   "policies must be signed here, as %s is there: make a bundle with "
			   "cordon sign policy",
			   trusted.text);
}

int cmd_policy_need_way_in(const struct cordon_image *image, struct cordon_failure *failure)
{
	struct cordon_way way;
	const bool known = !cordon_operator_find(image, &way);

	return cordon_way_in_check(image, known ? &way : NULL, failure);
}

/* A trial needs something to return to. */
static int apply_audit(struct cordon_session *session, const struct cordon_apply *trial,
		       struct cordon_failure *failure)
{
	struct cordon_settings *settings = &trial->image->settings;
	const uint32_t flags = settings->flags;
	struct cordon_apply wish = *trial;
	int error;

	wish.confirm_seconds = 0;
	settings->flags |= CORDON_SETTINGS_AUDIT;
	error = cordon_session_apply(session, &wish, failure);
	settings->flags = flags;
	return error;
}

int cmd_policy_apply(const struct cordon_context *context, const struct cordon_apply *wish,
		     struct cordon_failure *failure, bool *ret_first)
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	bool first;
	int error;

	error = cordon_session_open(context, CORDON_SESSION_LOAD, failure, &session);
	if (error)
		return error;
	first = wish->confirm_seconds && !cordon_standing_read(&session.maps).effective;
	if (first)
		error = apply_audit(&session, wish, failure);
	if (!error)
		error = cordon_session_apply(&session, wish, failure);
	if (!error)
		*ret_first = first;
	return error;
}

int cmd_policy_tell(const struct cordon_call *call, const struct cordon_session *session,
		    const char *what)
{
	const uint32_t generation = cordon_standing_read(&session->maps).effective;
	struct json json = { .file = stdout };

	if (!call->context->json) {
		printf("generation %u %s\n", generation, what);
		return CORDON_EXIT_DONE;
	}
	json_object(&json, NULL);
	json_number(&json, "generation", generation);
	json_object_end(&json);
	json_line_end(&json);
	return CORDON_EXIT_DONE;
}
