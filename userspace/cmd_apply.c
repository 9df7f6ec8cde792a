// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon apply: a policy or a bundle, read and compiled before anything is
 * locked, then put into force.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd_bundle.h"
#include "cmd_policy.h"
#include "command.h"
#include "live.h"
#include "session.h"
#include "util/cleanup.h"
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

static int apply_unsigned(const struct cordon_call *call, const struct cordon_apply *how,
			  bool audit)
{
	struct cordon_image *image CLEANUP(image) = NULL;
	struct cordon_apply wish = *how;
	bool first = false;
	int error;

	error = cmd_policy_need_no_signature(call);
	if (!error)
		error = cmd_policy_compile(call, wish.policy,
					   wish.force ? 0 : cordon_live_serial(call->context),
					   &image);
	if (error)
		return error;
	if (audit)
		image->settings.flags |= CORDON_SETTINGS_AUDIT;
	wish.image = image;
	if (!wish.force)
		error = cmd_policy_need_way_in(image, call->failure);
	if (!error)
		error = cmd_policy_apply(call->context, &wish, call->failure, &first);
	if (!error)
		print_done(call, image, wish.confirm_seconds, first);
	return error;
}

/* Neither its mode nor its place in the row of serials is for who applies it to choose. */
static int apply_bundle(const struct cordon_call *call, const struct cordon_apply *how)
{
	struct cmd_bundle bundle CLEANUP(
		bundle) = { .call = call, .wish = *how, .need_way_in = !how->force };
	char *text CLEANUP(free) = NULL;
	struct cordon_delivery delivery;
	const int error = cmd_bundle_read(call, how->policy, &text, &delivery);

	bundle.wish.force = false;
	return error ? error : cmd_bundle_deliver(call, &delivery, &bundle);
}

int cordon_cmd_apply(const struct cordon_call *call)
{
	struct cordon_apply wish = { .force = false };
	const char *confirm = NULL;
	unsigned long seconds = 0;
	bool audit = false;
	const struct cordon_flag flags[] = {
		{ "--confirm", NULL, &confirm },
		{ "--audit", &audit, NULL },
		{ "--force", &wish.force, NULL },
		{ NULL, NULL, NULL },
	};

	if (cordon_call_flags(call, flags, 1, 1, &wish.policy) < 0)
		return CORDON_EXIT_USAGE;
	if (confirm && cordon_call_number(call, "--confirm", confirm, 1, CONFIRM_MAX, &seconds))
		return CORDON_EXIT_USAGE;
	wish.confirm_seconds = (uint32_t)seconds;
	if (!cmd_bundle_is_one(wish.policy))
		return apply_unsigned(call, &wish, audit);
	if (audit)
		return cordon_fail(call->failure, -EINVAL,
				   "a bundle says itself whether it denies: --audit is not for it");
	return apply_bundle(call, &wish);
}
