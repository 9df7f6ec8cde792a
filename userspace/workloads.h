/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which cgroups are which workload, and which addresses are the node's own:
 * what the maps must know of this machine for a generation.  New cgroups are
 * the business of a program in the kernel; this fills in those that exist.
 */
#ifndef CORDON_WORKLOADS_H
#define CORDON_WORKLOADS_H

#include "cgroup.h"
#include "image.h"
#include "maps.h"
#include "nl.h"

/**
 * cordon_workloads_fill() - identities of a generation that is not in force yet
 * @cgroups: NULL: there is no cgroup2
 */
int cordon_workloads_fill(const struct cordon_maps *maps, const struct cordon_image *image,
			  const struct cordon_cgroup_root *cgroups, struct cordon_failure *failure);

/** cordon_addresses_fill() - the node's own addresses, as they are now */
int cordon_addresses_fill(const struct cordon_maps *maps, struct cordon_failure *failure);

#endif
