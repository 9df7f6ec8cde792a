/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The maps `interfaces` and `vlans`: who an interface is to the programs.
 * Attaches nothing.
 */
#ifndef CORDON_PLACE_H
#define CORDON_PLACE_H

#include "attach.h"

/** cordon_place_find() - index of an interface in `interfaces`, or -1 */
int cordon_place_find(const struct cordon_maps *maps, int ifindex);

/** cordon_place_take() - a place with name and classes. -ENOSPC: all are taken */
int cordon_place_take(const struct cordon_attach *attach, const struct cordon_nl_links *links,
		      const struct cordon_nl_link *link);

/** cordon_place_hook() - note where the interface is met */
void cordon_place_hook(const struct cordon_maps *maps, int ifindex, enum cordon_hook hook);

/** cordon_places_sweep() - free the places of interfaces that are gone */
void cordon_places_sweep(const struct cordon_maps *maps, const struct cordon_nl_links *links);

/** cordon_place_vlans() - which VLAN child a tagged packet is for */
int cordon_place_vlans(const struct cordon_attach *attach, const struct cordon_nl_links *links);

#endif
