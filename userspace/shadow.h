/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds rules that fail beside those ahead of them: they have no effect, as all
 * that they allow is allowed, or give a workload the port of another.
 */
#ifndef CORDON_SHADOW_H
#define CORDON_SHADOW_H

#include "diag.h"
#include "policy.h"

/**
 * cordon_shadow_check() - one list of rules, each against those ahead of it
 * @policy: whose zones and workloads the rules name
 * @diag: receives each rule without effect, and which rules shadow it
 * Return: 0, -ENOMEM.
 */
int cordon_shadow_check(const struct cordon_policy *policy, const struct cordon_policy_rule *rules,
			size_t count, struct cordon_diag *diag);

/**
 * cordon_shadow_check_ports() - one list of rules: a port is reserved for one
 *	workload, or none could bind it
 * @diag: receives each service that is another workload's already
 * Return: 0, -ENOMEM.
 */
int cordon_shadow_check_ports(const struct cordon_policy *policy,
			      const struct cordon_policy_rule *rules, size_t count,
			      struct cordon_diag *diag);

#endif
