/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * May a packet pass?  The flow table answers for what goes on, the rules for
 * what begins; what they allow becomes a flow.  Neither counts packets by rule
 * nor tells anyone.
 *
 *	1. a SYN asks the rules first, so that a flood of them touches no flow
 *	2. a live flow of this generation and latch passes the packet
 *	3. a flow of an earlier one is decided anew, and keeps its state
 *	4. a later fragment, an ICMP reply or error, or a TCP segment that opens
 *	   nothing is denied
 *	5. the rules decide, and what they allow becomes a flow; in audit mode
 *	   what they do not becomes one of rule 0, where there is room for it,
 *	   whose replies pass untold until a switch
 */
#ifndef CORDON_BPF_JUDGE_H
#define CORDON_BPF_JUDGE_H

#include "core.h"
#include "ends.h"
#include "flow.h"
#include "maps.h"
#include "note.h"
#include "parse.h"
#include "scene.h"
#include "state.h"

/* What the ICMP error in @ctx quotes at @offset; each hook has its own.
 * Return: enum cordon_reason */
__u32 parse_hook_quoted(HOOK_CONTEXT *ctx, __u32 offset, __u32 ethertype, struct packet *quoted);

/* The first segment of a connection. */
static __always_inline bool connects(const struct packet *packet)
{
	return packet->protocol == PROTOCOL_TCP && packet->fragment != FRAGMENT_LATER &&
	       (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

/* What may not open a flow, whatever the rules say. */
static __always_inline enum cordon_reason opens_nothing(const struct packet *packet)
{
	if (packet->fragment == FRAGMENT_LATER)
		return CORDON_REASON_FRAGMENT_ORPHAN;
	if (packet->icmp != ICMP_OPENS)
		return CORDON_REASON_ICMP_ORPHAN;
	if (packet->protocol != PROTOCOL_TCP)
		return CORDON_REASON_NONE;
	/* A segment in the middle of a connection picks it up if the rules would
	 * let its sender open it: connections older than the first policy, or
	 * whose flow gave way, live on. */
	if ((packet->tcp_flags & TCP_ACK) && !(packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)))
		return CORDON_REASON_NONE;
	return CORDON_REASON_TCP_STATE;
}

static __always_inline enum cordon_flow_state first_state(const struct packet *packet)
{
	if (packet->protocol == PROTOCOL_TCP && !(packet->tcp_flags & TCP_SYN))
		return CORDON_FLOW_ESTABLISHED;
	return CORDON_FLOW_NEW;
}

/* A fragment's identification stands for its ports, which later ones lack. */
static __always_inline void packet_as_fragment(struct packet *packet)
{
	packet->source_port = packet->fragment_id >> 16;
	packet->destination_port = (__u16)packet->fragment_id;
}

/* Stamp a flow that the rules allow anew, forget one that they do not.  If its
 * tag is no longer @old, another CPU was faster. */
static __always_inline void flow_renew(const struct scene *scene, struct cordon_flow *flow,
				       __u64 old, enum flow_way way)
{
	const enum cordon_flow_state state =
		flow_next_state(flow_tag_state(old), way, &scene->packet);
	const __u64 next = scene->rule ? scene->key.tag | (__u64)state << TAG_STATE_SHIFT :
					 CORDON_FLOW_TAG_LEFT;

	if (__sync_val_compare_and_swap(&flow->tag, old, next) != old || !scene->rule)
		return;
	/* For counting; a packet in between is counted by the former rule. */
	flow->rule = scene->rule;
	flow->state = state;
}

static __always_inline void scene_count_flow(const struct scene *scene, struct cordon_flow *flow)
{
	/* What came in by another interface was counted there. */
	if (!scene->came_by)
		flow_count(flow, scene->packets, scene->bytes, scene->now);
}

/* No reasons: there is no flow that says anything of the packet; and it is of a
 * flow that only audit mode let in. */
#define FLOW_UNKNOWN CORDON_REASON_COUNT
#define FLOW_WATCHED (CORDON_REASON_COUNT + 1)

/* Return: enum flow_way, and scene->stale_tag; FLOW_UNKNOWN: it is not the packet's, or has
 * expired. */
VERIFIED_APART __u32 stale_way(struct scene *scene, const struct cordon_flow_bucket *bucket)
{
	const struct cordon_settings *settings = scene_settings(scene);
	enum flow_way way;
	__u32 place;
	__u64 tag;

	if (!settings || !bucket)
		return FLOW_UNKNOWN;
	place = flow_place(scene->stale);
	tag = bucket->flow[place].tag;
	scene->stale_tag = tag;
	if (!(tag & CORDON_FLOW_TAG_SET) ||
	    !flow_fits(&bucket->flow[place], &scene->packet, scene->key.protocol, &way) ||
	    flow_expired(settings, &bucket->flow[place], flow_tag_state(tag), scene->now))
		return FLOW_UNKNOWN;
	if (scene->packet.protocol == PROTOCOL_TCP &&
	    tcp_reopens(flow_tag_state(tag), way, scene->packet.tcp_flags))
		return FLOW_UNKNOWN;
	scene->way = way;
	return way;
}

/* The rules have spoken of a flow of an earlier generation or latch level: it is renewed, or over. */
VERIFIED_APART __u32 stale_settle(struct scene *scene, struct cordon_flow_bucket *bucket, __u32 way,
				  __u32 reason)
{
	struct cordon_flow *flow;

	if (!scene || !bucket)
		return CORDON_REASON_INTERNAL;
	flow = &bucket->flow[flow_place(scene->stale)];
	if (scene->forward)
		scene->key.tag |= CORDON_FLOW_TAG_FORWARD;
	flow_renew(scene, flow, scene->stale_tag, way);
	/* What is told of a reply names its own ends, not its flow's. */
	if (reason && way == FLOW_REPLY)
		scene_set_ends(scene, true, scene->to, scene->from);
	if (!reason)
		scene_count_flow(scene, flow);
	return reason;
}

/**
 * judge_stale() - a flow that an earlier generation or latch level let in is
 *	decided anew, by the rules and the way in which it was opened; it keeps
 *	its state
 * Return: enum cordon_reason, or FLOW_UNKNOWN.
 */
static __always_inline __u32 judge_stale(HOOK_CONTEXT *ctx, struct scene *scene,
					 struct cordon_flow_bucket *bucket)
{
	const __u32 way = stale_way(scene, bucket);

	if (way == FLOW_UNKNOWN)
		return FLOW_UNKNOWN;
	if (scene->packet.fragment == FRAGMENT_LATER)
		return CORDON_REASON_FRAGMENT_ORPHAN;
	return stale_settle(scene, bucket, way, ask_rules(ctx, scene, way == FLOW_ORIGINAL));
}

static __always_inline struct flow_start scene_flow(const struct scene *scene,
						    enum cordon_flow_state state)
{
	return (struct flow_start){ &scene->packet, &scene->key,    state,     scene->rule,
				    scene->own,	    scene->own_tag, scene->now };
}

/* Only a rule lets a flow in for which another has to go; audit mode does not. */
static __always_inline bool has_room(const struct scene *scene,
				     const struct cordon_settings *settings,
				     const struct cordon_flow_bucket *bucket)
{
	__u64 tag;

	if (likely(scene->rule))
		return true;
	return scene->own >= CORDON_FLOW_WAYS &&
	       flow_find_room(settings, bucket, flow_preferred(&scene->key), scene->now, &tag) <
		       CORDON_FLOW_WAYS;
}

/* What the rules allow, or audit mode lets through, becomes a flow. */
static __always_inline void admit(struct scene *scene, const struct cordon_settings *settings,
				  struct cordon_flow_bucket *bucket)
{
	struct flow_start start;
	__u32 place;

	scene->noted = CORDON_FLOW_WAYS;
	if (!has_room(scene, settings, bucket))
		return;
	if (scene->forward)
		scene->key.tag |= CORDON_FLOW_TAG_FORWARD;
	start = scene_flow(scene, first_state(&scene->packet));
	place = flow_insert(settings, bucket, &start);
	scene->noted = place;
	if (place < CORDON_FLOW_WAYS)
		scene_count_flow(scene, &bucket->flow[flow_place(place)]);
}

/* The bucket is looked up again: a caller that keeps it, or has none, would have
 * the verifier follow what lies between twice. */
VERIFIED_APART __u32 flow_admit(struct scene *scene)
{
	const struct cordon_settings *settings = scene_settings(scene);
	struct cordon_flow_bucket *bucket;

	if (!settings)
		return CORDON_REASON_INTERNAL;
	bucket = find_bucket(scene->slot, settings, &scene->key);
	if (!bucket)
		return CORDON_REASON_INTERNAL;
	admit(scene, settings, bucket);
	return CORDON_REASON_NONE;
}

/**
 * judge_live() - does a flow of this generation and latch pass the packet?
 * Return: NONE; FLOW_UNKNOWN: it is another's, or it is over and the rules must
 *	decide; FLOW_WATCHED.
 */
static __always_inline __u32 judge_live(struct scene *scene, const struct cordon_settings *settings,
					struct cordon_flow_bucket *bucket, __u32 place)
{
	struct cordon_flow *flow = &bucket->flow[place];
	const __u64 tag = bucket->flow[place].tag;
	const enum cordon_flow_state state = flow_tag_state(tag);
	enum cordon_flow_state next;
	enum flow_way way;

	if (!flow_fits(flow, &scene->packet, scene->key.protocol, &way) ||
	    unlikely(flow_expired(settings, flow, state, scene->now)))
		return FLOW_UNKNOWN;
	if (scene->packet.protocol == PROTOCOL_TCP &&
	    unlikely(tcp_reopens(state, way, scene->packet.tcp_flags)))
		return FLOW_UNKNOWN;
	next = flow_next_state(state, way, &scene->packet);
	if (unlikely(next != state))
		flow_set_state(bucket, place, tag, next);
	scene_count_flow(scene, flow);
	if (unlikely(settings->flags & CORDON_SETTINGS_FLOWS))
		note_packet(scene, place, way);
	scene->rule = flow->rule;
	return likely(flow->rule) || way == FLOW_REPLY ? CORDON_REASON_NONE : FLOW_WATCHED;
}

/* @found: what flow_find() said, as also scene->stale, if its tag is still one of this flow's. */
static __always_inline void note_own(struct scene *scene, const struct cordon_flow_bucket *bucket,
				     __u32 found)
{
	scene->own = found < CORDON_FLOW_WAYS ? found : scene->stale;
	if (scene->own >= CORDON_FLOW_WAYS)
		return;
	scene->own_tag = bucket->flow[flow_place(scene->own)].tag;
	if ((scene->own_tag ^ scene->key.tag) >> 32)
		scene->own = CORDON_FLOW_WAYS;
}

/* The path is not known on the way in; on the way out it is. */
static __always_inline void key_path(const struct scene *scene, struct flow_key *key)
{
	if (!scene->out)
		key->ignore |= CORDON_FLOW_TAG_FORWARD;
	else if (scene->came_by)
		key->tag |= CORDON_FLOW_TAG_FORWARD;
}

/**
 * judge_error() - an ICMP error passes with the flow whose packet it quotes,
 *	towards the end that sent that packet
 * Return: enum cordon_reason
 */
VERIFIED_APART __u32 judge_error(HOOK_CONTEXT *ctx, struct scene *scene)
{
	const struct cordon_settings *settings = scene_settings(scene);
	const struct cordon_control *held = find_control();
	struct cordon_flow_bucket *bucket;
	struct packet quoted = {};
	enum flow_way way;
	__u32 place;

	if (!settings || !held)
		return CORDON_REASON_INTERNAL;
	if (parse_hook_quoted(ctx, scene->packet.quoted, scene->packet.ethertype, &quoted) !=
	    CORDON_REASON_NONE)
		return CORDON_REASON_ICMP_ORPHAN;
	if (!address_equal(&scene->packet.destination, &quoted.source))
		return CORDON_REASON_ICMP_ORPHAN;
	flow_key_make(held, &quoted, quoted.protocol, scene->class, scene->epoch, &scene->key);
	/* The node itself may report of what it forwards. */
	scene->key.ignore |= CORDON_FLOW_TAG_FORWARD;
	bucket = find_bucket(scene->slot, settings, &scene->key);
	if (!bucket)
		return CORDON_REASON_INTERNAL;
	place = flow_find(bucket, &scene->key, &scene->stale);
	if (place >= CORDON_FLOW_WAYS)
		return CORDON_REASON_ICMP_ORPHAN;
	place = flow_place(place);
	if (!flow_fits(&bucket->flow[place], &quoted, quoted.protocol, &way) ||
	    flow_expired(settings, &bucket->flow[place], flow_tag_state(bucket->flow[place].tag),
			 scene->now))
		return CORDON_REASON_ICMP_ORPHAN;
	scene->rule = bucket->flow[place].rule;
	return CORDON_REASON_NONE;
}

/* The later fragments of an allowed packet follow this entry. */
VERIFIED_APART __u32 fragment_lead(struct scene *scene)
{
	const struct cordon_settings *settings = scene_settings(scene);
	const struct cordon_control *held = find_control();
	struct cordon_flow_bucket *bucket;
	struct flow_start start;
	__u32 place;
	__u64 path;

	if (!settings || !held)
		return CORDON_REASON_INTERNAL;
	path = scene->came_by || scene->forward ? CORDON_FLOW_TAG_FORWARD : 0;
	packet_as_fragment(&scene->packet);
	flow_key_make(held, &scene->packet, CORDON_FLOW_FRAGMENT, scene->class, scene->epoch,
		      &scene->key);
	scene->key.tag |= path;
	bucket = find_bucket(scene->slot, settings, &scene->key);
	if (!bucket)
		return CORDON_REASON_INTERNAL;
	/* Identifications come round again: one that led before leads anew. */
	place = flow_find(bucket, &scene->key, &scene->stale);
	note_own(scene, bucket, place);
	if (!has_room(scene, settings, bucket))
		return CORDON_REASON_NONE;
	start = scene_flow(scene, CORDON_FLOW_NEW);
	flow_insert(settings, bucket, &start);
	return CORDON_REASON_NONE;
}

static __always_inline struct cordon_flow_bucket *
scene_bucket(struct scene *scene, const struct cordon_control *held,
	     const struct cordon_settings *settings)
{
	__u8 protocol = scene->packet.protocol;

	if (unlikely(scene->packet.fragment == FRAGMENT_LATER)) {
		packet_as_fragment(&scene->packet);
		protocol = CORDON_FLOW_FRAGMENT;
	}
	flow_key_make(held, &scene->packet, protocol, scene->class, scene->epoch, &scene->key);
	key_path(scene, &scene->key);
	return find_bucket(scene->slot, settings, &scene->key);
}

/* A live flow, or one from before a switch.
 * Return: enum cordon_reason, FLOW_UNKNOWN or FLOW_WATCHED. */
static __always_inline __u32 judge_known(HOOK_CONTEXT *ctx, struct scene *scene,
					 const struct cordon_settings *settings,
					 struct cordon_flow_bucket *bucket)
{
	const __u32 place = flow_find(bucket, &scene->key, &scene->stale);
	__u32 verdict = FLOW_UNKNOWN;

	if (likely(place < CORDON_FLOW_WAYS))
		verdict = judge_live(scene, settings, bucket, flow_place(place));
	if (likely(verdict == CORDON_REASON_NONE))
		return verdict;
	note_own(scene, bucket, place);
	if (verdict != FLOW_UNKNOWN || likely(scene->stale >= CORDON_FLOW_WAYS))
		return verdict;
	verdict = judge_stale(ctx, scene, bucket);
	if (settings->flags & CORDON_SETTINGS_FLOWS && verdict < FLOW_UNKNOWN)
		note_stale(ctx, scene, verdict);
	return verdict;
}

/* The rules have spoken of a SYN: it is of a connection that is there, or of a new one. */
VERIFIED_APART __u32 flow_connect(struct scene *scene)
{
	const struct cordon_settings *settings = scene_settings(scene);
	const struct cordon_control *held = find_control();
	struct cordon_flow_bucket *bucket;
	__u32 place;

	if (!settings || !held)
		return CORDON_REASON_INTERNAL;
	bucket = scene_bucket(scene, held, settings);
	if (!bucket)
		return CORDON_REASON_INTERNAL;
	scene->noted = CORDON_FLOW_WAYS;
	place = flow_find(bucket, &scene->key, &scene->stale);
	if (place < CORDON_FLOW_WAYS &&
	    judge_live(scene, settings, bucket, flow_place(place)) != FLOW_UNKNOWN)
		return CORDON_REASON_NONE;
	note_own(scene, bucket, place);
	admit(scene, settings, bucket);
	return CORDON_REASON_NONE;
}

static __always_inline enum cordon_reason judge_packet(HOOK_CONTEXT *ctx, struct scene *scene,
						       const struct cordon_control *held,
						       const struct cordon_settings *settings)
{
	enum cordon_reason reason = CORDON_REASON_NONE;
	struct cordon_flow_bucket *bucket;
	__u32 known, error;

	if (likely(!connects(&scene->packet))) {
		bucket = scene_bucket(scene, held, settings);
		if (!bucket)
			return CORDON_REASON_INTERNAL;
		known = judge_known(ctx, scene, settings, bucket);
		if (likely(known < FLOW_UNKNOWN))
			return known;
		if (known == FLOW_UNKNOWN)
			reason = opens_nothing(&scene->packet);
	}
	if (!reason)
		reason = ask_here(ctx, scene, settings, true, true);
	reason = scene_settle(scene, reason);
	if (likely(reason) && likely(!verdict_audits(settings, scene->latch)))
		return reason;
	error = connects(&scene->packet) ? flow_connect(scene) : flow_admit(scene);
	if (unlikely(settings->flags & CORDON_SETTINGS_FLOWS) && likely(!error))
		note_begin(ctx, scene);
	return reason ? reason : error;
}

#endif
