// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon seal: shut the node, now.  Nothing comes before the store but its own
 * arguments.  Exit 3: it is shut, but not everything could be done after that.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bypass.h"
#include "command.h"
#include "lockdown.h"
#include "lockdown_look.h"
#include "order.h"
#include "seal.h"
#include "util/cleanup.h"
#include "util/print.h"

/* A policy that says nothing of lockdown makes no more of it. */
static bool is_isolation(const struct cordon_call *call, uint32_t level)
{
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_image *image CLEANUP(image) = NULL;
	int error;

	if (level != CORDON_LATCH_LOCKDOWN)
		return false;
	error = cordon_lockdown_image(call->context, &unsaid, &image);
	return error ? error == -ENOENT : !cordon_lockdown_holds(image);
}

static void print_json(const struct cordon_sealed *sealed, uint32_t level, bool isolation)
{
	struct json json = { .file = stdout };

	json_object(&json, NULL);
	json_string(&json, "level", cordon_latch_name(level));
	json_bool(&json, "same_as_isolate", isolation);
	json_string(&json, "before", cordon_latch_name(sealed->before));
	json_bool(&json, "was_loaded", sealed->loaded);
	json_number(&json, "overtaken_packets", sealed->overtaken);
	json_number(&json, "sockets_cut", sealed->cut.cut);
	json_bool(&json, "outlasts_reboot", !sealed->forgetful.text[0]);
	json_string(&json, "not_remembered", sealed->forgetful.text);
	json_bool(&json, "covered", !sealed->open.text[0]);
	json_string(&json, "not_covered", sealed->open.text);
	json_object_end(&json);
	json_line_end(&json);
}

static void print_text(const struct cordon_sealed *sealed, uint32_t level, bool isolation)
{
	if (sealed->before == level)
		printf("the node is sealed at %s already\n", cordon_latch_name(level));
	else
		printf("the node is sealed: %s (was %s)\n", cordon_latch_name(level),
		       cordon_latch_name(sealed->before));
	if (isolation)
		puts("the policy has no 'lockdown': this is the same as isolate");
	if (!sealed->loaded)
		puts("nothing was loaded: the programs were loaded and attached first; nothing "
		     "passes until\ncordon run or cordon run --once loads the policy with its keep "
		     "list");
	if (sealed->cut.cut)
		printf("%llu sockets were cut, and their programs told\n",
		       (unsigned long long)sealed->cut.cut);
	puts("cordon status says what is still possible and how to reopen");
}

static int print_result(const struct cordon_call *call, const struct cordon_sealed *sealed,
			uint32_t level)
{
	const bool isolation = is_isolation(call, level);
	struct cordon_failure faults;

	if (call->context->json)
		print_json(sealed, level, isolation);
	else
		print_text(sealed, level, isolation);
	cordon_sealed_faults(sealed, &faults);
	if (!faults.text[0])
		return CORDON_EXIT_DONE;
	fprintf(stderr, "cordon: sealed, but %s\n", faults.text);
	return CORDON_EXIT_DEGRADED;
}

static int complain(const struct cordon_call *call)
{
	fprintf(stderr, "cordon: sealed, but %s\n", call->failure->text);
	call->failure->text[0] = '\0';
	return CORDON_EXIT_DEGRADED;
}

/* What the level asks for beside the network, or at a looser one: what an earlier one left. */
static int hold_down(const struct cordon_call *call, int status)
{
	if (cordon_lockdown_once(call->context, call->failure))
		status = complain(call);
	return cordon_bypass_cut_once(call->context, call->failure) ? complain(call) : status;
}

int cordon_cmd_seal(const struct cordon_call *call)
{
	const char *name = NULL, *reason = NULL;
	const struct cordon_flag flags[] = {
		{ "--reason", NULL, &reason },
		{ NULL, NULL, NULL },
	};
	struct cordon_sealed sealed;
	uint32_t level;
	int error;

	if (cordon_call_flags(call, flags, 1, 1, &name) < 0)
		return CORDON_EXIT_USAGE;
	if (cordon_latch_parse(name, &level) || level == CORDON_LATCH_OPEN) {
		cordon_fail(call->failure, -EINVAL,
			    "a node is sealed at egress, isolate or lockdown, not at %s", name);
		return CORDON_EXIT_USAGE;
	}
	error = cordon_seal(call->context, level, NULL, reason ? reason : "none was given",
			    call->failure, &sealed);
	return error ? error : hold_down(call, print_result(call, &sealed, level));
}
