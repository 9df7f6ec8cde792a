// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon detach: take everything out of the kernel.  The files stay, so that
 * `cordon run` or the next boot enforces again.
 */
#include <errno.h>
#include <stdio.h>

#include "command.h"
#include "detach.h"
#include "guard.h"
#include "order.h"
#include "probe.h"
#include "sign.h"
#include "util/cleanup.h"
#include "util/print.h"

static int need_open(const struct cordon_call *call)
{
	const uint32_t level = cordon_detach_level(call->context);

	if (!level)
		return 0;
	return cordon_fail(call->failure, -EPERM,
			   "the node is sealed (%s): what holds it stays until a signed "
			   "release, or a signed order to detach; see cordon status",
			   cordon_latch_name(level));
}

/* Else whoever is root would take the guard away without a signature. A node whose owner has told
 * nobody's key has none that could be asked for. */
static int need_no_guard(const struct cordon_call *call)
{
	const struct cordon_path folder = cordon_path_root(call->context, CORDON_TRUST_FOLDER);
	struct cordon_trust trust CLEANUP(trust) = { 0 };

	if (!cordon_guard_stands(call->context))
		return 0;
	cordon_trust_read(folder.text, &trust);
	if (!trust.keys[CORDON_ROLE_RELEASE])
		return 0;
	return cordon_fail(call->failure, -EPERM,
			   "the guard stands: it takes a signed order to detach, or a boot with "
			   "cordon.guard=off on the kernel's command line");
}

static int detach(const struct cordon_call *call)
{
	int lock CLEANUP(close) = -1;
	bool tcx;
	int error;

	error = cordon_probe_kernel(call->failure, &tcx);
	if (!error)
		error = cordon_probe_bpffs(call->context, call->failure);
	if (!error)
		error = cordon_lock_take(call->context, call->failure, &lock);
	/* It may have been sealed while we waited. */
	if (!error)
		error = need_open(call);
	if (!error)
		error = need_no_guard(call);
	if (!error)
		error = cordon_detach_hooks(call->context, call->failure);
	return error ? error : cordon_detach_rest(call->context, &lock, call->failure);
}

int cordon_cmd_detach(const struct cordon_call *call)
{
	struct json json = { .file = stdout };
	int error;

	if (cordon_call_flags(call, NULL, 0, 0, NULL) < 0)
		return CORDON_EXIT_USAGE;
	if (cordon_daemon_pid(call->context))
		return cordon_fail(call->failure, -EBUSY,
				   "cordon run (pid %d) would attach again; end it first",
				   cordon_daemon_pid(call->context));
	error = detach(call);
	if (error)
		return error;
	if (!call->context->json) {
		puts("detached: nothing is enforced");
		return CORDON_EXIT_DONE;
	}
	json_object(&json, NULL);
	json_bool(&json, "detached", true);
	json_object_end(&json);
	json_line_end(&json);
	return CORDON_EXIT_DONE;
}
