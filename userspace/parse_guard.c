// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `guard:` of a policy: from which latch level on nobody but cordon may change the
 * kernel.
 */
#include "parse.h"

#include "util/array.h"

static int read_kernel_closed_from(struct parse *parse, const struct cordon_value *value,
				   void *target)
{
	static const char *const names[] = { "open", "egress", "isolate", "lockdown" };
	size_t level;
	int error = cordon_parse_choice(parse, value, "'kernel_closed_from'", names,
					ARRAY_SIZE(names), &level);

	(void)target;
	if (!error)
		parse->policy->kernel_closed_from = (uint32_t)level;
	return error;
}

static const struct parse_field guard_fields[] = {
	{ .name = "kernel_closed_from", .read = read_kernel_closed_from },
};

int cordon_parse_guard(struct parse *parse, const struct cordon_value *value, void *target)
{
	return cordon_parse_fields(parse, value, "'guard'", guard_fields, ARRAY_SIZE(guard_fields),
				   target);
}
