/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One packet at one hook, from parsed to passed or dropped, counted and told.
 * XDP and tc share it; what only tc can do is behind HOOK_IS_SKB, which the
 * including file defines.
 *
 * Precedence:
 *	1. a packet that cannot be parsed is denied with the parser's reason
 *	2. built-in rules (ARP, neighbour discovery, DHCP client ...) pass it
 *	3. an ICMP error passes with the flow that it is about
 *	4. flows and rules decide (judge.h)
 *	5. in audit mode a denial is counted and told, and the packet passes
 */
#ifndef CORDON_BPF_PACKET_H
#define CORDON_BPF_PACKET_H

#include "core.h"
#include "emit.h"
#include "ends.h"
#include "judge.h"
#include "maps.h"
#include "scene.h"
#include "state.h"
#include "verdict.h"

static __always_inline __u8 scene_direction(const struct scene *scene)
{
	if (!scene->out)
		return CORDON_DIRECTION_IN;
	return scene->came_by ? CORDON_DIRECTION_FORWARD : CORDON_DIRECTION_OUT;
}

static __always_inline void tell_denial(HOOK_CONTEXT *ctx, struct scene *scene, __u32 reason,
					__u32 audit)
{
	struct cordon_denial_key *key = &scene->denial;
	struct denial denial = { .key = key };

	key->reason = reason;
	key->from = scene->from;
	key->to = scene->to;
	key->service = scene->packet.service;
	key->protocol = scene->packet.protocol;
	key->direction = scene_direction(scene);
	key->audit = audit;
	key->latch = scene->latch;
	key->generation = scene->generation;
	key->cgroup = scene->out && !scene->came_by ? sender_cgroup(ctx) : 0;
	key->ifindex = scene->ifindex;
	key->pad = 0;
	denial.packet = &scene->packet;
	denial.owner = sender(ctx, scene);
	denial.packets = scene->packets;
	denial.bytes = scene->bytes;
	denial.time = scene->time;
	denial_packet(&denial);
}

static __always_inline void count_interface(const struct scene *scene, bool denied)
{
	struct cordon_interface_counter *counter;
	struct cordon_traffic *traffic;
	__u32 place = scene->place;

	counter = bpf_map_lookup_elem(&interface_counts, &place);
	if (!counter)
		return;
	if (denied)
		traffic = scene->out ? &counter->out_denied : &counter->in_denied;
	else
		traffic = scene->out ? &counter->out : &counter->in;
	traffic->packets += scene->packets;
	traffic->bytes += scene->bytes;
}

static __always_inline bool builtin_passes(struct scene *scene,
					   const struct cordon_settings *settings)
{
	const struct packet *packet = &scene->packet;

	if (likely(!packet->builtin))
		return false;
	if (scene->out && packet->builtin_direction & BUILTIN_OWN &&
	    !is_own_address(&packet->source))
		return false;
	if (!verdict_builtin(settings, packet->builtin, packet->builtin_direction,
			     scene->out ? BUILTIN_OUT : BUILTIN_IN))
		return false;
	scene->rule = packet->builtin;
	return true;
}

static __always_inline enum cordon_reason scene_judge(HOOK_CONTEXT *ctx, struct scene *scene,
						      const struct cordon_control *held,
						      const struct cordon_settings *settings)
{
	enum cordon_reason reason;

	if (unlikely(builtin_passes(scene, settings)))
		return CORDON_REASON_NONE;
	if (unlikely(!settings))
		return CORDON_REASON_NO_POLICY;
	if (unlikely(scene->packet.ethertype == ETHERTYPE_ARP))
		return CORDON_REASON_BUILTIN_OFF;
	scene->class = scene_class(scene, settings);
	if (unlikely(scene->packet.icmp == ICMP_ABOUT_FLOW)) {
		reason = near_reason(scene);
		return reason ? reason : judge_error(ctx, scene);
	}
	reason = judge_packet(ctx, scene, held, settings);
	if (!reason && unlikely(scene->packet.fragment == FRAGMENT_FIRST))
		fragment_lead(scene);
	return reason;
}

/* The latch was tightened while a packet was judged: it does not pass, so that the
 * last one through is the last whose judgement ended before the store. */
VERIFIED_APART __u32 note_overtaken(const struct scene *scene)
{
	struct cordon_overtaken *overtaken_here;
	__u32 zero = 0;

	overtaken_here = bpf_map_lookup_elem(&overtaken, &zero);
	if (!overtaken_here || !scene)
		return CORDON_REASON_INTERNAL;
	overtaken_here->packets += scene->packets;
	overtaken_here->time = bpf_ktime_get_ns();
	return CORDON_REASON_LATCH;
}

/**
 * packet_passes() - the verdict on a parsed packet, counted and told
 * @scene: packet and the fields of the hook are filled in
 * @reason: what the parser said
 */
static __always_inline bool packet_passes(HOOK_CONTEXT *ctx, struct scene *scene,
					  enum cordon_reason reason)
{
	const struct cordon_control *held = find_control();
	const struct cordon_settings *settings;
	bool audit;

	if (unlikely(!held))
		return false;
	scene_enter(scene, held);
	settings = find_settings(scene->slot);
	if (likely(!reason))
		reason = scene_judge(ctx, scene, held, settings);
	reason = scene_settle(scene, reason);
	if (likely(!reason) && unlikely(latch_stored(held) > scene->latch))
		reason = note_overtaken(scene);
	count_interface(scene, reason != CORDON_REASON_NONE);
	if (likely(!reason)) {
		if (!scene->came_by)
			count_rule(scene->rule, scene->packets, scene->bytes);
		return true;
	}
	audit = settings && verdict_audits(settings, scene->latch);
	if (unlikely(settings && (settings->flags & CORDON_SETTINGS_QUIET)))
		count_reason(reason, scene->packets, scene->bytes);
	else {
		if (unlikely(is_unasked(reason)))
			name_ends(ctx, scene);
		if (unlikely(scene->packet.fragment == FRAGMENT_LATER))
			scene->packet.source_port = scene->packet.destination_port = 0;
		tell_denial(ctx, scene, reason, audit);
	}
	return audit;
}

#endif
