/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds rules that have no effect, as the ones ahead of them allow all that
 * they allow.
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

#endif
