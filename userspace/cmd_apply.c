// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon apply: a policy, read and compiled before anything is locked, then
 * put into force.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cmd_policy.h"
#include "command.h"
#include "live.h"
#include "session.h"
#include "util/print.h"

/* A trial of longer than a week is not one. */
#define CONFIRM_MAX (7UL * 24 * 3600)

static void print_done(const struct cordon_call *call, const struct cordon_image *image,
		       unsigned long confirm, bool first)
{
	const struct cordon_settings *settings = &image->settings;
	struct json json = { .file = stdout };

	if (!call->context->json) {
		printf("generation %u is in force: serial %llu, %u rules, %llu prefixes%s\n",
		       settings->generation, (unsigned long long)settings->serial, settings->rules,
		       (unsigned long long)settings->prefixes,
		       settings->flags & CORDON_SETTINGS_AUDIT ? " (audit: nothing is denied)" :
								 "");
		if (confirm)
			printf("it lapses in %lu s unless you run: cordon confirm\n", confirm);
		if (first)
			puts("there was no policy: it then goes back to audit, denying nothing");
		return;
	}
	json_object(&json, NULL);
	json_number(&json, "generation", settings->generation);
	json_number(&json, "serial", settings->serial);
	json_bool(&json, "audit", settings->flags & CORDON_SETTINGS_AUDIT);
	json_number(&json, "confirm_seconds", confirm);
	json_bool(&json, "first", first);
	json_object_end(&json);
	json_line_end(&json);
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

static int apply(const struct cordon_call *call, const struct cordon_apply *wish)
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	bool first;
	int error;

	error = cordon_session_open(call->context, CORDON_SESSION_LOAD, call->failure, &session);
	if (error)
		return error;
	first = wish->confirm_seconds && !cordon_standing_read(&session.maps).effective;
	if (first)
		error = apply_audit(&session, wish, call->failure);
	if (!error)
		error = cordon_session_apply(&session, wish, call->failure);
	if (!error)
		print_done(call, wish->image, wish->confirm_seconds, first);
	return error;
}

int cordon_cmd_apply(const struct cordon_call *call)
{
	struct cordon_image *image CLEANUP(image) = NULL;
	const char *confirm = NULL, *path = NULL;
	unsigned long seconds = 0;
	bool audit = false, force = false;
	const struct cordon_flag flags[] = {
		{ "--confirm", NULL, &confirm },
		{ "--audit", &audit, NULL },
		{ "--force", &force, NULL },
		{ NULL, NULL, NULL },
	};
	int error;

	if (cordon_call_flags(call, flags, 1, 1, &path) < 0)
		return CORDON_EXIT_USAGE;
	if (confirm && cordon_call_number(call, "--confirm", confirm, 1, CONFIRM_MAX, &seconds))
		return CORDON_EXIT_USAGE;
	error = cmd_policy_compile(call, path, force ? 0 : cordon_live_serial(call->context),
				   &image);
	if (error)
		return error;
	if (audit)
		image->settings.flags |= CORDON_SETTINGS_AUDIT;
	return apply(call, &(struct cordon_apply){
				   .image = image,
				   .policy = path,
				   .confirm_seconds = (uint32_t)seconds,
				   .force = force,
			   });
}
