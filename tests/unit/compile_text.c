// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A policy in a test, from text to image.
 */
#include "unit/compile_text.h"

#include <stdio.h>

#include "diag.h"
#include "policy.h"
#include "util/cleanup.h"

struct cordon_image *compile_text(const char *zones, const char *rules)
{
	struct cordon_policy *policy CLEANUP(policy) = NULL;
	struct cordon_diag diag = { .stored = 0 };
	struct cordon_image *image = NULL;
	char text[4096];
	const int length = snprintf(text, sizeof(text), "%s%s", zones, rules);
	int err = cordon_policy_parse_memory(text, (size_t)length, "test", &diag, &policy);

	if (!err)
		err = cordon_compile(policy, &diag, &image);
	for (size_t i = 0; i < diag.stored; i++)
		printf("# %u: %s\n", diag.entry[i].line, diag.entry[i].text);
	cordon_diag_clear(&diag);
	return image;
}
