/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The prefixes of a policy: gathered from the YAML and from prefix files,
 * then sorted and checked against each other.  Up to a million and more, so
 * every step here is linear.
 */
#ifndef CORDON_PREFIX_LIST_H
#define CORDON_PREFIX_LIST_H

#include "diag.h"
#include "policy.h"
#include "prefix.h"

/** struct cordon_prefix_place - zone and position of the prefixes that follow */
struct cordon_prefix_place {
	uint16_t zone;
	uint16_t file;
	uint32_t line;
	uint32_t column;
};

/** cordon_prefix_list_add() - one prefix; 0, -ENOSPC: CORDON_POLICY_PREFIXES_MAX, -ENOMEM */
int cordon_prefix_list_add(struct cordon_policy *policy, const struct cordon_prefix *prefix,
			   const struct cordon_prefix_place *place);

/**
 * cordon_prefix_list_scan() - the lines of a prefix file
 * @place: zone and file; line and column are counted here
 * Return: 0, also if @diag was told of lines that are none; -ENOSPC, -ENOMEM.
 */
int cordon_prefix_list_scan(struct cordon_policy *policy, const char *text, size_t size,
			    struct cordon_prefix_place place, struct cordon_diag *diag);

/**
 * cordon_prefix_list_finish() - sort, and find what stands twice
 *
 * In two zones, or twice in the YAML: an error.  Twice in one zone by way of
 * its files: left out, with one warning a zone.  Counts nr_prefixes of zones.
 *
 * Return: 0, -ENOMEM.
 */
int cordon_prefix_list_finish(struct cordon_policy *policy, struct cordon_diag *diag);

#endif
