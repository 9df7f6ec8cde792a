// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Places of interfaces and VLAN children in the maps that the programs ask.
 */
#include "place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/cleanup.h"

static uint32_t place_at(uint32_t ifindex, uint32_t probe)
{
	return (ifindex + probe) % CORDON_INTERFACES_MAX;
}

int cordon_place_find(const struct cordon_maps *maps, int ifindex)
{
	for (uint32_t i = 0; i < CORDON_INTERFACE_PROBES; i++) {
		const uint32_t place = place_at((uint32_t)ifindex, i);

		if (maps->interfaces[place].ifindex == (uint32_t)ifindex)
			return (int)place;
	}
	return -1;
}

static int find_free(const struct cordon_maps *maps, int ifindex)
{
	for (uint32_t i = 0; i < CORDON_INTERFACE_PROBES; i++) {
		const uint32_t place = place_at((uint32_t)ifindex, i);

		if (!maps->interfaces[place].ifindex)
			return (int)place;
	}
	return -1;
}

static int zero_counts(const struct cordon_maps *maps, uint32_t place)
{
	struct cordon_interface_counter *zero CLEANUP(free) = calloc(maps->cpus, sizeof(*zero));

	if (!zero)
		return -ENOMEM;
	return cordon_hash_set(maps, CORDON_MAP_INTERFACE_COUNTS, &place, zero);
}

/* The class of a generation whose image is not known stays what it was. */
static void set_classes(const struct cordon_attach *attach, const struct cordon_nl_links *links,
			const struct cordon_nl_link *link, __u32 (*class)[2])
{
	for (int i = 0; i < 2; i++) {
		if (attach->image[i])
			__atomic_store_n(&(*class)[i],
					 cordon_attach_class(attach->image[i], links, link),
					 __ATOMIC_RELAXED);
	}
}

int cordon_place_take(const struct cordon_attach *attach, const struct cordon_nl_links *links,
		      const struct cordon_nl_link *link)
{
	struct cordon_interface *interface;
	int place = cordon_place_find(attach->maps, link->index);
	const bool fresh = place < 0;
	int error;

	if (fresh)
		place = find_free(attach->maps, link->index);
	if (place < 0)
		return -ENOSPC;
	interface = &attach->maps->interfaces[place];
	if (fresh) {
		error = zero_counts(attach->maps, (uint32_t)place);
		if (error)
			return error;
		memset(interface, 0, sizeof(*interface));
	}
	memcpy(interface->name, link->name, sizeof(interface->name));
	set_classes(attach, links, link, &interface->class);
	/* Last: from now on the programs find it. */
	__atomic_store_n(&interface->ifindex, (uint32_t)link->index, __ATOMIC_RELEASE);
	return 0;
}

void cordon_place_hook(const struct cordon_maps *maps, int ifindex, enum cordon_hook hook)
{
	const int place = cordon_place_find(maps, ifindex);

	if (place >= 0)
		maps->interfaces[place].hook = hook;
}

/* From the end, so that a run of places is freed as a whole if it can be. A
 * place that must stay for the sake of the next is found again by its index. */
void cordon_places_sweep(const struct cordon_maps *maps, const struct cordon_nl_links *links)
{
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = CORDON_INTERFACES_MAX; i--;) {
			struct cordon_interface *interface = &maps->interfaces[i];

			if (!interface->ifindex ||
			    maps->interfaces[(i + 1) % CORDON_INTERFACES_MAX].ifindex ||
			    cordon_nl_link_find(links, (int)interface->ifindex))
				continue;
			__atomic_store_n(&interface->ifindex, 0, __ATOMIC_RELEASE);
			memset(interface, 0, sizeof(*interface));
		}
	}
}

struct vlan {
	struct cordon_vlan_key key;
	struct cordon_vlan value;
};

struct vlans {
	struct vlan *entry; /* owned */
	size_t nr;
};

/* @parent and all that it is made of see the tags: ports of a bond or bridge
 * see them before the bond or bridge does. */
static int add_vlan(struct vlans *vlans, const struct cordon_nl_links *links, int parent,
		    const struct vlan *model)
{
	for (size_t i = 0; i < links->nr; i++) {
		const struct cordon_nl_link *link = &links->entry[i];
		struct vlan *vlan;

		if (link->index != parent && link->master != parent)
			continue;
		vlan = array_push(vlans->entry, vlans->nr);
		if (!vlan)
			return -ENOMEM;
		*vlan = *model;
		vlan->key.parent = (uint32_t)link->index;
	}
	return 0;
}

static int add_child(const struct cordon_attach *attach, const struct cordon_nl_links *links,
		     const struct cordon_nl_link *child, struct vlans *vlans)
{
	const struct cordon_nl_link *lower = cordon_nl_link_find(links, child->lower);
	struct vlan model = { .key = { .outer = child->vlan } };
	int error;

	if (!lower)
		return 0;
	model.value.ifindex = (uint32_t)child->index;
	set_classes(attach, links, child, &model.value.class);
	error = add_vlan(vlans, links, lower->index, &model);
	if (error || !lower->vlan || !lower->lower)
		return error;
	model.key.outer = lower->vlan;
	model.key.inner = child->vlan;
	return add_vlan(vlans, links, lower->lower, &model);
}

static bool has_key(const struct vlans *vlans, const struct cordon_vlan_key *key)
{
	for (size_t i = 0; i < vlans->nr; i++) {
		if (!memcmp(&vlans->entry[i].key, key, sizeof(*key)))
			return true;
	}
	return false;
}

static int drop_others(const struct cordon_maps *maps, const struct vlans *vlans)
{
	struct cordon_vlan_key *keys CLEANUP(free) = NULL;
	void *all = NULL;
	size_t nr;
	int error = cordon_hash_keys(maps, CORDON_MAP_VLANS, sizeof(*keys), &all, &nr);

	keys = all;
	for (size_t i = 0; !error && i < nr; i++) {
		if (!has_key(vlans, &keys[i]))
			error = cordon_hash_drop(maps, CORDON_MAP_VLANS, &keys[i]);
	}
	return error;
}

static int put_vlan(const struct cordon_attach *attach, struct vlan *vlan)
{
	struct cordon_vlan present;
	int error;

	error = cordon_hash_get(attach->maps, CORDON_MAP_VLANS, &vlan->key, &present);
	for (int i = 0; !error && i < 2; i++) {
		if (!attach->image[i])
			vlan->value.class[i] = present.class[i];
	}
	if (!error && !memcmp(&present, &vlan->value, sizeof(present)))
		return 0;
	error = cordon_hash_set(attach->maps, CORDON_MAP_VLANS, &vlan->key, &vlan->value);
	/* Full: judged by its parent's class, as the map's comment says. */
	return error == -E2BIG ? 0 : error;
}

int cordon_place_vlans(const struct cordon_attach *attach, const struct cordon_nl_links *links)
{
	struct vlans vlans = { .nr = 0 };
	int error = 0;

	for (size_t i = 0; i < links->nr && !error; i++) {
		if (links->entry[i].vlan)
			error = add_child(attach, links, &links->entry[i], &vlans);
	}
	for (size_t i = 0; i < vlans.nr && !error; i++)
		error = put_vlan(attach, &vlans.entry[i]);
	if (!error)
		error = drop_others(attach->maps, &vlans);
	free(vlans.entry);
	return error;
}
