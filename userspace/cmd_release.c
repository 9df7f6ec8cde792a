// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon release: says how a node is reopened, which takes a signature.  With
 * --break-glass it takes the code whose hash the owner put into the signed
 * policy instead, once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "module.h"
#include "latch_text.h"
#include "lockdown.h"
#include "receipt.h"
#include "release.h"
#include "tell.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/print.h"

#define CODE_SIZE 256

/* What is told of, with what its lines point to. */
struct view {
	struct cordon_latch_view latch;
	struct cordon_maps maps;
	struct cordon_view policy;
};

/* Who may not look would be told that a node is open, or lost what it knew. */
static int need_sight(const struct cordon_call *call)
{
	const struct cordon_path paths[] = {
		cordon_path_root(call->context, "/var/lib/cordon/latch"),
		cordon_path_pin(call->context, "maps", "control"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (access(paths[i].text, R_OK) && errno == EACCES)
			return cordon_fail(call->failure, -EPERM, "this needs root");
	}
	return 0;
}

static void look(const struct cordon_call *call, struct view *view)
{
	struct cordon_latch_view *latch = &view->latch;
	struct cordon_failure unsaid = { .text = "" };

	*view = (struct view){ .maps = cordon_maps_none() };
	cordon_latch_view_read(call->context, latch);
	if (cordon_maps_open(call->context, &unsaid, &view->maps))
		return;
	latch->maps = &view->maps;
	latch->standing = cordon_standing_read(&view->maps);
	if (!cordon_view_open(&view->maps, latch->standing.effective, CORDON_LATCH_OPEN,
			      &view->policy))
		latch->settings = view->policy.settings;
}

static void look_away(struct view *view)
{
	cordon_trust_clear(&view->latch.trust);
	cordon_view_close(&view->policy);
	cordon_maps_close(&view->maps);
}

static void print_way(const struct view *view)
{
	fputs("cordon: a sealed node is reopened by a signature only:\n", stderr);
	if (view->latch.memory == CORDON_LATCH_FORGOTTEN)
		fputs("  the node lost what it knew of its latch: after cordon run --once an order "
		      "must name\n  the challenge that cordon status shows\n",
		      stderr);
	cordon_latch_text_reopen(stderr, &view->latch, "  ");
}

static void print_json(const struct view *view, bool sealed)
{
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_bool(&json, "sealed", sealed);
	cordon_latch_json(&json, &view->latch);
	json_object_end(&json);
	json_line_end(&json);
}

static int explain(const struct cordon_call *call)
{
	const bool sealed = cordon_latch_level(call->context) != CORDON_LATCH_OPEN;
	struct view view;
	int error = need_sight(call);

	if (error)
		return error;
	look(call, &view);
	if (call->context->json)
		print_json(&view, sealed);
	else if (sealed)
		print_way(&view);
	else
		puts("the node is not sealed");
	look_away(&view);
	return sealed ? CORDON_EXIT_FAILED : CORDON_EXIT_DONE;
}

/* On a terminal it is not shown. */
static bool read_code(char *code, size_t size)
{
	struct termios shown, hidden;
	const bool terminal = !tcgetattr(STDIN_FILENO, &shown);
	bool got;

	if (terminal) {
		fputs("code: ", stderr);
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	}
	got = fgets(code, (int)size, stdin);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	if (got)
		code[strcspn(code, "\r\n")] = '\0';
	return got && code[0];
}

static int check_code(const struct cordon_session *session, const uint8_t hash[32],
		      struct cordon_failure *failure)
{
	const uint32_t effective = cordon_standing_read(&session->maps).effective;
	struct cordon_view view CLEANUP(view) = { 0 };
	static const uint8_t none[32];

	if (cordon_module_level(session->context))
		return cordon_fail(failure, -EPERM,
				   "the kernel module holds the latch, and opens for a signed "
				   "order alone: no code is used up");
	/* It counts once, and there is nothing to open. */
	if (!cordon_standing_read(&session->maps).latch)
		return cordon_fail(failure, -EINVAL, "the node is not sealed: no code is used up");
	if (cordon_view_open(&session->maps, effective, CORDON_LATCH_OPEN, &view) ||
	    !memcmp(view.settings->break_glass, none, sizeof(none)))
		return cordon_fail(failure, -EPERM, "the policy in force has no break-glass code");
	if (memcmp(view.settings->digest, session->latch.policy, sizeof(view.settings->digest)) !=
	    0)
		return cordon_fail(failure, -EPERM,
				   "the policy in force is not signed: its break-glass code does "
				   "not count");
	if (memcmp(view.settings->break_glass, hash, sizeof(none)) != 0)
		return cordon_fail(failure, -EACCES, "the code is wrong");
	if (!memcmp(session->latch.code_used, hash, sizeof(none)))
		return cordon_fail(failure, -EACCES, "the code was used already: it counts once");
	return 0;
}

/* It is used up before it opens anything. */
static int use_code(struct cordon_session *session, const uint8_t hash[32],
		    struct cordon_failure *failure)
{
	const uint32_t before = cordon_standing_read(&session->maps).latch;
	int error = check_code(session, hash, failure);

	if (error)
		return error;
	memcpy(session->latch.code_used, hash, sizeof(session->latch.code_used));
	error = cordon_latch_write(session->context, &session->latch, failure);
	if (!error)
		error = cordon_release(
			session,
			&(struct cordon_release){ .by = "the break-glass code, locally",
						  .reason = "emergency: no signed order was used" },
			failure);
	return error ? error : cordon_release_keep(session, before, failure);
}

static int break_glass(const struct cordon_call *call)
{
	struct cordon_outcome outcome = { .read_ns = cordon_clock_ns(),
					  .by = "the break-glass code, locally" };
	struct cordon_session session CLEANUP(session) = cordon_session_none();
	const struct cordon_warrant none = { .is_order = false };
	char code[CODE_SIZE];
	uint8_t hash[32];
	int error;

	if (!read_code(code, sizeof(code)))
		return cordon_fail(call->failure, -EINVAL, "no code was given on standard input");
	cordon_sign_digest(code, strlen(code), &hash);
	error = cordon_session_open(call->context, CORDON_SESSION_CHANGE, call->failure, &session);
	if (error)
		return error;
	outcome.before = cordon_standing_read(&session.maps).latch;
	outcome.at = cordon_latch_now(&session.latch);
	if (use_code(&session, hash, &outcome.why))
		outcome.refusal = CORDON_REFUSAL_FAILED;
	outcome.after = cordon_standing_read(&session.maps).latch;
	outcome.done_ns = cordon_clock_ns();
	cordon_tell_order(call->context,
			  &(struct cordon_event_order){ .refused = outcome.refusal != 0 },
			  "break-glass", outcome.by,
			  outcome.refusal ? cordon_refusal_name(outcome.refusal) : "",
			  outcome.why.text);
	if (cordon_receipt_keep(call->context, &none, &outcome, call->failure))
		fprintf(stderr, "cordon: %s\n", call->failure->text);
	if (outcome.refusal)
		return cordon_fail(call->failure, -EPERM, "%s", outcome.why.text);
	if (cordon_lockdown_once(call->context, call->failure))
		fprintf(stderr, "cordon: %s\n", call->failure->text);
	puts("the node is open again; the code will not work a second time");
	return CORDON_EXIT_DONE;
}

int cordon_cmd_release(const struct cordon_call *call)
{
	bool code = false;
	const struct cordon_flag flags[] = {
		{ "--break-glass", &code, NULL },
		{ NULL, NULL, NULL },
	};

	if (cordon_call_flags(call, flags, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	return code ? break_glass(call) : explain(call);
}
