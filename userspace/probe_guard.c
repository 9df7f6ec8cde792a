// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whether a guard may be raised: what the kernel has, what its command line wants,
 * and whose files these are.
 */
#include "probe.h"

#include <stdio.h>
#include <string.h>

#include "util/boot.h"
#include "util/cleanup.h"

/* Where it does not say, it is tried. */
static bool is_off(void)
{
	FILE *file CLEANUP(fclose) = fopen("/sys/kernel/security/lsm", "re");
	char line[512] = "";

	if (!file || !fgets(line, sizeof(line), file))
		return false;
	for (char *left = line, *name; (name = strsep(&left, ",\n"));) {
		if (!strcmp(name, "bpf"))
			return false;
	}
	return true;
}

enum cordon_probe_guard cordon_probe_guard(const struct cordon_context *context)
{
	const bool own = cordon_context_is_node(context);
	char word[8];

	cordon_boot_word("cordon.guard=", word, sizeof(word));
	if (!strcmp(word, "off"))
		return CORDON_PROBE_GUARD_OFF;
	if (!own && strcmp(word, "on") != 0)
		return CORDON_PROBE_GUARD_PRIVATE;
	return is_off() ? CORDON_PROBE_GUARD_NO_LSM : CORDON_PROBE_GUARD_MAY;
}
