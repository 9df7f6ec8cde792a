// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Policy text to image, with its mistakes printed one a line.
 */
#include "cmd_policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "policy.h"

DEFINE_CLEANUP(policy, struct cordon_policy *, cordon_policy_free)

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

static int compile(const char *path, uint64_t active_serial, struct cordon_diag *diag,
		   struct cordon_image **ret_image)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	int error = cordon_policy_parse_file(path, diag, &policy);

	if (!error)
		error = cordon_policy_check_serial(policy, active_serial, diag);
	return error ? error : cordon_compile(policy, diag, ret_image);
}

int cmd_policy_compile(const struct cordon_call *call, const char *path, uint64_t active_serial,
		       struct cordon_image **ret_image)
{
	struct cordon_diag diag = { .stored = 0 };
	const int error = compile(path, active_serial, &diag, ret_image);
	const bool said = diag.errors > 0;

	print_diagnostics(&diag);
	cordon_diag_clear(&diag);
	if (error && !said)
		return cordon_fail(call->failure, error, "%s: %s", path, strerror(-error));
	return error ? CORDON_EXIT_FAILED : 0;
}
