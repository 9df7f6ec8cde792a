// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a policy.  A policy that comes out keeps what policy.h says of
 * it, as compile.c trusts that; one that does not is told why, in lines that a
 * terminal may print.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "util/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_told(const struct cordon_diag *diag)
{
	check(diag->stored <= CORDON_DIAG_MAX && diag->stored <= diag->errors + diag->warnings);
	for (size_t i = 0; i < diag->stored; i++) {
		char *line = cordon_diag_format(&diag->entry[i]);
		const unsigned char *byte = (const unsigned char *)line;
		size_t left = strlen(line);

		check(diag->entry[i].text[0]);
		while (left) {
			uint32_t rune;
			size_t length = utf8_decode(byte, left, &rune);

			check(length && rune >= 0x20 && (rune < 0x7f || rune >= 0xa0));
			byte += length;
			left -= length;
		}
		free(line);
	}
}

static void check_end(const struct cordon_policy *policy, uint16_t identity)
{
	size_t ends = CORDON_IDENTITY_FIRST + policy->nr_zones + policy->nr_workloads;

	check(identity == CORDON_IDENTITY_ANY ||
	      (identity != CORDON_IDENTITY_STRANGER && identity < ends));
}

static void check_rules(const struct cordon_policy *policy, const struct cordon_policy_rule *rules,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct cordon_policy_rule *rule = &rules[i];

		check_end(policy, rule->from);
		check_end(policy, rule->to);
		check(!cordon_policy_is_local(policy, rule->from) ||
		      !cordon_policy_is_local(policy, rule->to));
		check(rule->name[0] && rule->at.line && rule->at.column && rule->nr_services);
		for (size_t j = 0; j < rule->nr_services; j++)
			check(rule->services[j].first <= rule->services[j].last);
	}
}

static void check_prefixes(const struct cordon_policy *policy)
{
	for (size_t i = 0; i < policy->nr_prefixes4; i++) {
		const struct cordon_prefix4 *prefix = &policy->prefixes4[i];

		check(prefix->length <= 32 && prefix->zone < policy->nr_zones);
		check(!(prefix->address & (uint32_t)((1ULL << (32 - prefix->length)) - 1)));
		check(!i || prefix[-1].address < prefix->address ||
		      (prefix[-1].address == prefix->address &&
		       prefix[-1].length < prefix->length));
	}
	for (size_t i = 0; i < policy->nr_prefixes6; i++)
		check(policy->prefixes6[i].length <= 128 &&
		      policy->prefixes6[i].zone < policy->nr_zones);
}

static void check_policy(const struct cordon_policy *policy)
{
	check(policy->serial && policy->serial <= INT64_MAX && policy->serial_at.line);
	check(policy->nr_zones + policy->nr_workloads + CORDON_IDENTITY_FIRST <=
	      CORDON_IDENTITIES_MAX);
	check(policy->nr_rules + policy->nr_keep <= CORDON_RULES_MAX);
	check(policy->flow_entries >= CORDON_FLOWS_MIN && policy->flow_entries <= CORDON_FLOWS_MAX);
	for (size_t i = 0; i < policy->nr_zones; i++)
		check(policy->zones[i].nr_prefixes || policy->zones[i].nr_interfaces);
	for (size_t i = 0; i < policy->nr_workloads; i++)
		check(policy->workloads[i].nr_units || policy->workloads[i].nr_cgroups);
	check_rules(policy, policy->rules, policy->nr_rules);
	check_rules(policy, policy->keep, policy->nr_keep);
	check_prefixes(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cordon_policy *policy = NULL;
	struct cordon_diag diag = { 0 };
	int error = cordon_policy_parse_memory((const char *)data, size, "fuzz/policy.yaml", &diag,
					       &policy);

	check(error == 0 || error == -EINVAL);
	check((error != 0) == (diag.errors != 0) && (error != 0) == (policy == NULL));
	check_told(&diag);
	if (policy)
		check_policy(policy);
	cordon_policy_free(policy);
	cordon_diag_clear(&diag);
	return 0;
}
