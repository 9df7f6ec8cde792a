// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Keys and data that a TPM 2.0 holds beyond a reset, with an empty owner
 * authorisation.
 */
#include <errno.h>
#include <stdlib.h>

#include "destroy.h"
#include "tpm.h"
#include "util/cleanup.h"

#define WAIT_SECONDS 30

void cordon_destroy_tpm(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing)
{
	const uint32_t handle = (uint32_t)strtoul(thing->name, NULL, 16);
	struct cordon_tpm tpm CLEANUP(tpm) = { .fd = -1 };
	struct cordon_failure why = { .text = "" };
	int error = cordon_tpm_open(destroyer->context, WAIT_SECONDS, &why, &tpm);

	if (error) {
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED, "%s", why.text);
		return;
	}
	error = cordon_tpm_evict(&tpm, handle, &why);
	if (!error)
		cordon_destroyed_say(thing, CORDON_DESTROYED, "evicted");
	else if (error == -ENOENT)
		cordon_destroyed_say(thing, CORDON_DESTROYED_BEFORE, "the TPM holds none");
	else if (error == -EACCES)
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED,
				     "the TPM's owner has a password, which cordon does not know");
	else
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED, "%s", why.text);
}
