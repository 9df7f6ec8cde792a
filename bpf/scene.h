/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scene of a packet that is being judged: the packet, where it is met, and
 * all that is known of it so far.  It lies in a per-CPU map, not on the stack:
 * packet hooks do not nest on a CPU, and the verifier, which does not follow
 * what memory holds, then has few states to visit.  Judges nothing.
 */
#ifndef CORDON_BPF_SCENE_H
#define CORDON_BPF_SCENE_H

#include "core.h"
#include "flow.h"
#include "maps.h"
#include "parse.h"
#include "state.h"

/**
 * struct scene - a packet, where it is met, and all that is known of it so far
 * @packet: what the parser made of it
 * @key: of its flow
 * @epoch: of generation and latch, as tags have it
 * @jiffies: when @time and @now were read
 * @time: nanoseconds of CLOCK_MONOTONIC_COARSE
 * @ifindex: the interface
 * @came_by: on the way out: interface it came in by, 0 if it is the node's own
 * @packets: that it stands for (GRO, TSO)
 * @bytes: of all of them
 * @slot: of the outer maps
 * @place: of the interface in `interfaces`, CORDON_INTERFACES_MAX if it has none
 * @class: of the interface (or of the VLAN child that the packet is for)
 * @now: ticks of the flow table
 * @from, @to: identities, as far as they were found out
 * @far: the one at the other end of a packet that goes through the node
 * @far_interface: of a packet that goes through the node
 * @reason: see scene_settle()
 * @stale: place of a flow of another generation or latch level, as flow_find() has it
 * @stale_tag: that it was looked at with
 * @rule: slot of the rule that lets it pass
 * @denial: what is told of it
 * @own: place in its bucket of a flow that one of its own would succeed, or WAYS
 * @own_tag: that it was found with
 * @noted: place in its bucket of a flow that has just begun, or WAYS
 * @way: enum flow_way of a packet whose flow is decided anew
 * @out: on its way out
 * @forward: it goes through the node
 */
struct scene {
	struct packet packet;
	struct flow_key key;
	__u64 epoch;
	__u64 jiffies;
	__u64 time;
	__u32 ifindex;
	__u32 came_by;
	__u32 packets;
	__u32 bytes;
	__u32 generation;
	__u32 latch;
	__u32 slot;
	__u32 place;
	__u32 class;
	__u32 now;
	__u32 from;
	__u32 to;
	__u32 far;
	__u32 far_interface;
	__u32 reason;
	__u32 stale;
	__u64 stale_tag;
	struct cordon_denial_key denial;
	__u64 own_tag;
	__u32 rule;
	__u32 own;
	__u32 noted;
	__u8 out;
	__u8 forward;
	__u8 way;
	__u8 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scene);
} scenes SEC(".maps");

static __always_inline bool is_place_of(__u32 place, __u32 ifindex)
{
	const struct cordon_interface *found = bpf_map_lookup_elem(&interfaces, &place);

	return found && found->ifindex == ifindex;
}

VERIFIED_APART __u32 interface_probe(__u32 ifindex)
{
	for (__u32 i = 1; i < CORDON_INTERFACE_PROBES; i++) {
		const __u32 place = (ifindex + i) % CORDON_INTERFACES_MAX;

		if (is_place_of(place, ifindex))
			return place;
	}
	return CORDON_INTERFACES_MAX;
}

/* Return: the interface's place in `interfaces`, CORDON_INTERFACES_MAX if it has none. */
static __always_inline __u32 interface_place(__u32 ifindex)
{
	const __u32 place = ifindex % CORDON_INTERFACES_MAX;

	return likely(is_place_of(place, ifindex)) ? place : interface_probe(ifindex);
}

static __always_inline struct scene *find_scene(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scenes, &zero);
}

/* Forget how a reason came about: the verifier then follows one way on with one
 * and one without, instead of one for each. */
static __always_inline __u32 scene_settle(struct scene *scene, __u32 reason)
{
	volatile __u32 *settled = &scene->reason;

	*settled = reason;
	return *settled;
}

/* NULL also if there is no scene, for functions that are verified apart. */
static __always_inline const struct cordon_settings *scene_settings(const struct scene *scene)
{
	return scene ? find_settings(scene->slot) : NULL;
}

/* The coarse clock moves with the jiffies, which cost nothing to read: it is
 * asked once for each, and remembered in this CPU's scene. */
static __always_inline void scene_clock(struct scene *scene)
{
	const __u64 jiffies = bpf_jiffies64();

	if (likely(jiffies == scene->jiffies))
		return;
	scene->jiffies = jiffies;
	scene->time = bpf_ktime_get_coarse_ns();
	scene->now = scene->time >> FLOW_TICK_SHIFT;
}

static __always_inline void scene_enter(struct scene *scene, const struct cordon_control *control)
{
	scene_clock(scene);
	scene->generation = control_generation(control);
	scene->latch = control_latch(control, scene->time);
	scene->slot = generation_slot(scene->generation, scene->latch);
	scene->epoch = flow_epoch(scene->generation, scene->latch);
	scene->place = interface_place(scene->ifindex);
	scene->class = 0;
	scene->from = CORDON_IDENTITY_STRANGER;
	scene->to = CORDON_IDENTITY_STRANGER;
	scene->rule = 0;
	scene->forward = 0;
}

static __always_inline __u32 interface_class(__u32 generation, __u32 place)
{
	const struct cordon_interface *found = bpf_map_lookup_elem(&interfaces, &place);

	return found ? found->class[generation & 1] : 0;
}

VERIFIED_APART __u32 vlan_class(const struct scene *scene)
{
	const struct cordon_vlan *vlan;
	struct cordon_vlan_key key = {};

	if (!scene)
		return 0;
	key.parent = scene->ifindex;
	key.outer = scene->packet.vlan[0];
	key.inner = scene->packet.vlan[1];
	vlan = bpf_map_lookup_elem(&vlans, &key);
	if (!vlan && key.inner) {
		key.inner = 0;
		vlan = bpf_map_lookup_elem(&vlans, &key);
	}
	if (!vlan)
		return interface_class(scene->generation, scene->place);
	return vlan->class[scene->generation & 1];
}

static __always_inline __u32 scene_class(const struct scene *scene,
					 const struct cordon_settings *settings)
{
	if (!(settings->flags & CORDON_SETTINGS_TIED))
		return 0;
	if (unlikely(scene->packet.vlan[0]))
		return vlan_class(scene);
	return interface_class(scene->generation, scene->place);
}

#endif
