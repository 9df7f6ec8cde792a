// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cordon order: carry out a signed order, print and keep the receipt.
 */
#include <stdlib.h>

#include "cmd_bundle.h"
#include "command.h"
#include "util/cleanup.h"

int cordon_cmd_order(const struct cordon_call *call)
{
	struct cmd_bundle bundle CLEANUP(bundle) = { .call = call };
	char *text CLEANUP(free) = NULL;
	struct cordon_delivery delivery;
	const char *path = NULL;
	int error;

	if (cordon_call_flags(call, NULL, 1, 1, &path) < 0)
		return CORDON_EXIT_USAGE;
	error = cmd_bundle_read(call, path, &text, &delivery);
	return error ? error : cmd_bundle_deliver(call, &delivery, &bundle);
}
