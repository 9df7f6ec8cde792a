// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model's own functions: what does not depend on how it was written or on
 * what it becomes.
 */
#include "policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "util/array.h"

const char *cordon_policy_identity_name(const struct cordon_policy *policy, uint16_t identity)
{
	size_t index = (size_t)identity - CORDON_IDENTITY_FIRST;

	if (identity == CORDON_IDENTITY_ANY)
		return "any";
	if (identity == CORDON_IDENTITY_NODE)
		return "node";
	if (identity == CORDON_IDENTITY_STRANGER)
		return "stranger";
	if (index < policy->nr_zones)
		return policy->zones[index].name;
	index -= policy->nr_zones;
	return index < policy->nr_workloads ? policy->workloads[index].name : "unknown";
}

int cordon_policy_check_serial(const struct cordon_policy *policy, uint64_t active_serial,
			       struct cordon_diag *diag)
{
	if (policy->serial >= active_serial)
		return 0;
	cordon_diag_error(diag, policy->serial_at,
			  "serial %" PRIu64 " is lower than %" PRIu64
			  " of the active policy; raise it, or go back with --force",
			  policy->serial, active_serial);
	return -EINVAL;
}

const char *cordon_lockdown_kind_name(uint32_t kind)
{
	static const char *const names[] = {
#define KIND_NAME(name, text) [CORDON_LOCKDOWN_##name] = (text),
		CORDON_LOCKDOWN_KINDS(KIND_NAME)
#undef KIND_NAME
	};

	return kind < ARRAY_SIZE(names) ? names[kind] : "?";
}

static void free_names(struct cordon_name_at *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i].text);
	free(names);
}

static void free_zones(struct cordon_policy *policy)
{
	for (size_t i = 0; i < policy->nr_zones; i++)
		free_names(policy->zones[i].interfaces, policy->zones[i].nr_interfaces);
	free(policy->zones);
}

static void free_workloads(struct cordon_policy *policy)
{
	for (size_t i = 0; i < policy->nr_workloads; i++) {
		free_names(policy->workloads[i].units, policy->workloads[i].nr_units);
		free_names(policy->workloads[i].cgroups, policy->workloads[i].nr_cgroups);
	}
	free(policy->workloads);
}

static void free_rules(struct cordon_policy_rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(rules[i].services);
	free(rules);
}

void cordon_policy_free(struct cordon_policy *policy)
{
	if (!policy)
		return;
	free_zones(policy);
	free_workloads(policy);
	free_rules(policy->rules, policy->nr_rules);
	free_rules(policy->keep, policy->nr_keep);
	free(policy->prefixes4);
	free(policy->prefixes6);
	free(policy->choices);
	free_names(policy->certificates, policy->nr_certificates);
	free_names(policy->secrets, policy->nr_secrets);
	for (size_t i = 0; i < policy->nr_lockdown; i++)
		free(policy->lockdown[i].name.text);
	free(policy->lockdown);
	for (size_t i = 0; i < policy->nr_files; i++)
		free(policy->files[i]);
	free(policy->files);
	free(policy);
}
