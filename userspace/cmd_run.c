// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon run: what a boot starts.  With --once before the network is up, then
 * to follow what comes; with --hand to do on the machine what the daemon may not.  The latch is
 * restored first.  The policy that stands in the kernel stays; else the last good one from the
 * store; else /etc/cordon/policy.yaml.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "anchor.h"
#include "cmd_policy.h"
#include "command.h"
#include "confine.h"
#include "daemon.h"
#include "daemon_hand.h"
#include "guard.h"
#include "lockdown.h"
#include "session.h"
#include "store.h"

static int restore(struct cordon_session *session, const struct cordon_call *call)
{
	const uint32_t active = cordon_store_active(call->context);
	const struct cordon_path text = cordon_store_text(call->context, active);
	struct cordon_image *image CLEANUP(image) = NULL;
	int error;

	if (!active)
		return -ENOENT;
	error = cordon_store_image(call->context, active, &image);
	if (error)
		return error;
	return cordon_session_apply(
		session,
		&(struct cordon_apply){ .image = image, .policy = text.text, .restored = true },
		call->failure);
}

/* @stored: it was in force here, so that it is so again under a latch, too */
static int compile_and_apply(struct cordon_session *session, const struct cordon_call *call,
			     const char *path, bool stored)
{
	struct cordon_image *image CLEANUP(image) = NULL;
	const int error = cmd_policy_compile(call, path, 0, &image);

	if (error)
		return error;
	return cordon_session_apply(
		session,
		&(struct cordon_apply){ .image = image, .policy = path, .authorised = stored },
		call->failure);
}

/* An image of another version, or damaged, is made again from its text. */
static int apply_some(struct cordon_session *session, const struct cordon_call *call)
{
	const struct cordon_path text =
		cordon_store_text(call->context, cordon_store_active(call->context));
	const struct cordon_path given = cordon_path_root(call->context, "/etc/cordon/policy.yaml");
	int error = restore(session, call);

	if (!error || call->failure->text[0])
		return error;
	if (error != -ENOENT)
		fprintf(stderr, "cordon: the stored image cannot be used (%s)\n", strerror(-error));
	if (!access(text.text, R_OK) && !compile_and_apply(session, call, text.text, true))
		return 0;
	if (!access(given.text, R_OK) && !cmd_policy_need_no_signature(call)) {
		memset(call->failure, 0, sizeof(*call->failure));
		return compile_and_apply(session, call, given.text, false);
	}
	return cordon_fail(call->failure, -ENOENT,
			   "there is no policy: neither a stored one nor %s", given.text);
}

static bool is_enforcing(const struct cordon_session *session)
{
	const struct cordon_standing standing = cordon_standing_read(&session->maps);

	return standing.effective || standing.latch;
}

static int enforce(struct cordon_session *session, const struct cordon_call *call)
{
	int error;

	/* A node that was sealed is shut before anything else is tried. */
	error = cordon_session_refresh(session, call->failure);
	if (!error && !cordon_standing_read(&session->maps).effective)
		error = apply_some(session, call);
	/* With a policy in force, or sealed, what is missing is tried again as we follow; in
	 * another network namespace there is nothing to follow. */
	if (error < 0 && error != -EXDEV && is_enforcing(session)) {
		fprintf(stderr, "cordon: %s\n", call->failure->text);
		memset(call->failure, 0, sizeof(*call->failure));
		return 0;
	}
	return error;
}

/* What keeps it from being made is status' to tell. */
static void anchor(struct cordon_session *session)
{
	struct cordon_failure unsaid = { .text = "" };

	if (!cordon_standing_read(&session->maps).latch)
		cordon_anchor_make(session->context, &session->latch, &unsaid);
}

static int restore_all(const struct cordon_call *call)
{
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	int error;

	error = cordon_session_open(call->context, CORDON_SESSION_LOAD, call->failure, &session);
	if (error)
		return error;
	error = enforce(&session, call);
	anchor(&session);
	return error;
}

/* A node enforces without a guard, too, and without what lockdown holds; status says so. */
static int start(const struct cordon_call *call)
{
	struct cordon_failure failure = { .text = "" };
	const int error = restore_all(call);

	if (!error && cordon_guard_raise(call->context, &failure))
		fprintf(stderr, "cordon: no guard: %s\n", failure.text);
	cordon_guard_shelter(call->context);
	failure.text[0] = '\0';
	if (!error && cordon_lockdown_boot(call->context, &failure))
		fprintf(stderr, "cordon: at lockdown, but %s\n", failure.text);
	return error;
}

int cordon_cmd_run(const struct cordon_call *call)
{
	int daemon CLEANUP(close) = -1;
	bool once = false, hand = false;
	const struct cordon_flag flags[] = {
		{ "--once", &once, NULL },
		{ "--hand", &hand, NULL },
		{ NULL, NULL, NULL },
	};
	int error;

	if (cordon_call_flags(call, flags, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	if (once && hand) {
		cordon_fail(call->failure, -EINVAL, "--once and --hand are two processes");
		return CORDON_EXIT_USAGE;
	}
	if (hand)
		return cordon_daemon_hand(call->context, call->failure);
	cordon_confine_groups();
	if (once)
		return start(call);
	error = cordon_daemon_hold_signals(call->failure);
	if (!error)
		error = cordon_daemon_claim(call->context, call->failure, &daemon);
	if (!error)
		error = start(call);
	return error ? error : cordon_daemon_run(call->context, call->failure);
}
