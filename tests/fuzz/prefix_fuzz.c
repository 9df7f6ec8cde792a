// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as two prefix files, split at the first NUL, each of a zone of its
 * own: what comes out is sorted, unique, without host bits, and reads back as
 * it is formatted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "prefix_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const struct cordon_prefix *prefix)
{
	char text[CORDON_PREFIX_TEXT_SIZE];
	struct cordon_prefix again;

	cordon_prefix_format(prefix, text);
	check(!cordon_prefix_parse(text, strlen(text), &again));
	check(again.high == prefix->high && again.low == prefix->low &&
	      again.length == prefix->length && again.ipv6 == prefix->ipv6);
}

static void check_prefixes4(const struct cordon_policy *policy)
{
	for (size_t i = 0; i < policy->nr_prefixes4; i++) {
		const struct cordon_prefix4 *it = &policy->prefixes4[i];

		check_text(&(struct cordon_prefix){ 0, it->address, it->length, false });
		check(!i || it[-1].address < it->address ||
		      (it[-1].address == it->address && it[-1].length < it->length));
	}
}

static void check_prefixes6(const struct cordon_policy *policy)
{
	for (size_t i = 0; i < policy->nr_prefixes6; i++) {
		const struct cordon_prefix6 *it = &policy->prefixes6[i];

		check_text(&(struct cordon_prefix){ it->high, it->low, it->length, true });
		check(!i || it[-1].high < it->high ||
		      (it[-1].high == it->high && it[-1].low < it->low) ||
		      (it[-1].high == it->high && it[-1].low == it->low &&
		       it[-1].length < it->length));
	}
}

/* A copy just as large, so that the sanitizer sees what is read beyond it. */
static void scan(struct cordon_policy *policy, uint16_t zone, const uint8_t *data, size_t size,
		 struct cordon_diag *diag)
{
	struct cordon_prefix_place place = { .zone = zone, .file = zone + 1 };
	char *copy = malloc(size ? size : 1);

	if (size)
		memcpy(copy, data, size);
	check(!cordon_prefix_list_scan(policy, copy, size, place, diag));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cordon_policy_zone zones[2] = { { .name = "a" }, { .name = "b" } };
	char names[3][2] = { "p", "a", "b" };
	char *files[] = { names[0], names[1], names[2] };
	struct cordon_policy policy = {
		.files = files, .nr_files = 3, .zones = zones, .nr_zones = 2
	};
	const uint8_t *split = size ? memchr(data, 0, size) : NULL;
	size_t first = split ? (size_t)(split - data) : size;
	struct cordon_diag diag = { 0 };

	scan(&policy, 0, data, first, &diag);
	if (split)
		scan(&policy, 1, split + 1, size - first - 1, &diag);
	check(!cordon_prefix_list_finish(&policy, &diag));
	check_prefixes4(&policy);
	check_prefixes6(&policy);
	check(zones[0].nr_prefixes + zones[1].nr_prefixes ==
	      policy.nr_prefixes4 + policy.nr_prefixes6);
	free(policy.prefixes4);
	free(policy.prefixes6);
	cordon_diag_clear(&diag);
	return 0;
}
