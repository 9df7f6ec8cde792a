/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One packet at one hook, from bytes to pass or drop: parse, look for its
 * flow, else ask the rules and make one.  XDP and tc share it; what only tc can
 * do is behind HOOK_IS_SKB, which the including file defines.
 *
 * The scene of the packet being judged lies in a per-CPU map, not on the stack:
 * packet hooks do not nest on a CPU, and the verifier, which does not follow
 * what memory holds, then has few states to visit.
 *
 * Precedence:
 *	1. a packet that cannot be parsed is denied with the parser's reason
 *	2. built-in rules (ARP, neighbour discovery, DHCP client ...) pass it
 *	3. a SYN asks the rules first, so that a flood of them touches no flow
 *	4. a live flow of this generation and latch passes it
 *	5. a later fragment, an ICMP reply or error, or a TCP segment that opens
 *	   nothing is denied if it found no flow
 *	6. the rules decide; what they allow becomes a flow
 *	7. in audit mode a denial is counted and told, and the packet passes; it
 *	   makes a flow of rule 0 where there is room, whose replies pass untold
 *
 * At the way in it is not known yet whether a packet is for the node or to be
 * forwarded.  A live flow answers that; else the node's addresses and the
 * routing table do.  At the way out a packet that came in elsewhere is
 * forwarded and is asked for by the rules between zones only, so a packet let
 * in for the node cannot leave it again.
 */
#ifndef CORDON_BPF_PACKET_H
#define CORDON_BPF_PACKET_H

#include <linux/bpf.h>

#include "compat.h"
#include "core.h"
#include "emit.h"
#include "flow.h"
#include "maps.h"
#include "parse.h"
#include "state.h"
#include "verdict.h"

#define PACKET_OTHERHOST 3 /* <linux/if_packet.h> */
#define AF_INET 2
#define AF_INET6 10

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
 * @rule: slot of the rule that lets it pass
 * @own: place in its bucket of a flow that one of its own would succeed, or WAYS
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
	__u32 rule;
	__u32 own;
	__u8 out;
	__u8 forward;
	__u8 pad[6];
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

/* What the ICMP error in @ctx quotes at @offset; each hook has its own.
 * Return: enum cordon_reason */
__u32 parse_hook_quoted(HOOK_CONTEXT *ctx, __u32 offset, __u32 ethertype, struct packet *quoted);

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
	scene->generation = control_generation(control);
	scene->latch = control_latch(control);
	scene->slot = generation_slot(scene->generation, scene->latch);
	scene->epoch = flow_epoch(scene->generation, scene->latch);
	scene_clock(scene);
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

static __always_inline struct cordon_flow_bucket *
find_bucket(__u32 slot, const struct cordon_settings *settings, const struct flow_key *key)
{
	void *flows = bpf_map_lookup_elem(&flows_of, &slot);
	__u32 bucket = flow_bucket(key, settings->flow_buckets);

	return flows ? bpf_map_lookup_elem(flows, &bucket) : NULL;
}

/* The cgroup whose socket sends an outgoing packet. */
static __always_inline __u64 sender_cgroup(HOOK_CONTEXT *ctx)
{
	return HOOK_IS_SKB ? bpf_skb_cgroup_id((struct __sk_buff *)ctx) : 0;
}

static __always_inline __u32 socket_tuple(const struct packet *packet, struct bpf_sock_tuple *tuple)
{
	if (packet->ethertype == ETHERTYPE_IPV4) {
		tuple->ipv4.saddr = to_be32(address_word(&packet->source, 3));
		tuple->ipv4.daddr = to_be32(address_word(&packet->destination, 3));
		tuple->ipv4.sport = from_be16(packet->source_port);
		tuple->ipv4.dport = from_be16(packet->destination_port);
		return sizeof(tuple->ipv4);
	}
	__builtin_memcpy(tuple->ipv6.saddr, &packet->source, sizeof(packet->source));
	__builtin_memcpy(tuple->ipv6.daddr, &packet->destination, sizeof(packet->destination));
	tuple->ipv6.sport = from_be16(packet->source_port);
	tuple->ipv6.dport = from_be16(packet->destination_port);
	return sizeof(tuple->ipv6);
}

/* The cgroup of the local socket that an incoming packet is for. */
static __noinline __u64 receiver_cgroup(HOOK_CONTEXT *ctx, const struct scene *scene)
{
	struct bpf_sock_tuple tuple = {};
	struct cordon_owner *owner;
	struct bpf_sock *sock = NULL;
	__u64 cgroup;
	__u32 size;

	if (!HOOK_IS_SKB || !scene)
		return 0;
	size = socket_tuple(&scene->packet, &tuple);
	if (size > sizeof(tuple))
		return 0;
	if (scene->packet.protocol == PROTOCOL_TCP)
		sock = bpf_sk_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	else if (scene->packet.protocol == PROTOCOL_UDP)
		sock = bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!sock)
		return 0;
	owner = bpf_sk_storage_get(&owners, sock, NULL, 0);
	cgroup = owner ? owner->cgroup : 0;
	bpf_sk_release(sock);
	return cgroup;
}

static __always_inline __u32 local_identity(HOOK_CONTEXT *ctx, const struct scene *scene,
					    const struct cordon_settings *settings)
{
	if (!(settings->flags & CORDON_SETTINGS_WORKLOADS))
		return CORDON_IDENTITY_NODE;
	return cgroup_identity(scene->generation,
			       scene->out ? sender_cgroup(ctx) : receiver_cgroup(ctx, scene));
}

static __always_inline void fib_ends(const struct packet *packet, struct bpf_fib_lookup *fib)
{
	if (packet->ethertype == ETHERTYPE_IPV4) {
		fib->family = AF_INET;
		fib->ipv4_src = to_be32(address_word(&packet->source, 3));
		fib->ipv4_dst = to_be32(address_word(&packet->destination, 3));
		return;
	}
	fib->family = AF_INET6;
	__builtin_memcpy(fib->ipv6_src, &packet->source, sizeof(packet->source));
	__builtin_memcpy(fib->ipv6_dst, &packet->destination, sizeof(packet->destination));
}

/* A frame for another host's Ethernet address: a bridge or macvlan takes it on,
 * not the node's routing. */
static __always_inline bool is_bridged(HOOK_CONTEXT *ctx)
{
	return HOOK_IS_SKB && ((struct __sk_buff *)ctx)->pkt_type == PACKET_OTHERHOST;
}

/**
 * far_interface() - where an incoming packet will leave
 * Return: its index, for a bridged one that of the port it came by; 0 if it is
 *	for the node.
 */
static __noinline __u32 far_interface(HOOK_CONTEXT *ctx, const struct scene *scene)
{
	struct bpf_fib_lookup fib = {};
	const struct packet *packet;

	if (!scene)
		return 0;
	packet = &scene->packet;
	if (address_is_multicast(&packet->destination) || is_own_address(&packet->destination))
		return 0;
	if (is_bridged(ctx))
		return scene->ifindex;
	fib.ifindex = scene->ifindex;
	fib.l4_protocol = packet->protocol;
	fib_ends(packet, &fib);
	return fib_says_forward(bpf_fib_lookup(ctx, &fib, sizeof(fib), 0)) ? fib.ifindex : 0;
}

/* The identity at the other end of a forwarded packet, by the interface there. */
static __always_inline enum cordon_reason
far_end(const struct scene *scene, const struct tables *tables, __u32 ifindex, __u32 *ret_identity)
{
	const struct cordon_address *address = &scene->packet.destination;
	const struct cordon_class *class;
	enum cordon_reason reason;
	__u32 number = 0;

	if (scene->out)
		address = &scene->packet.source;
	if (tables->settings->flags & CORDON_SETTINGS_TIED)
		number = interface_class(scene->generation, interface_place(ifindex));
	reason = verdict_end(tables, number, address,
			     zone_in_slot(scene->slot, tables->settings, address), ret_identity);
	if (!scene->out || !is_own_address(address))
		return reason;
	/* Masquerading put the node's own address there on the way. */
	class = table_at(&tables->classes, number);
	if (!class || !class->forwarder)
		return reason;
	*ret_identity = class->forwarder;
	return CORDON_REASON_NONE;
}

static __always_inline bool came_from_nowhere(const struct scene *scene)
{
	return !scene->out && (address_is_multicast(&scene->packet.source) ||
			       address_is_loopback(&scene->packet.source));
}

/* A container's packet, met as it leaves its namespace, still has its cgroup. */
static __always_inline __u32 container_rule(HOOK_CONTEXT *ctx, const struct scene *scene,
					    const struct tables *tables)
{
	__u32 identity;

	if (!HOOK_IS_SKB || scene->out || !(tables->settings->flags & CORDON_SETTINGS_WORKLOADS))
		return 0;
	identity = cgroup_identity(scene->generation, sender_cgroup(ctx));
	if (identity == CORDON_IDENTITY_NODE)
		return 0;
	return verdict_rule(tables, identity, scene->to, scene->packet.protocol,
			    scene->packet.service);
}

static __always_inline void scene_set_ends(struct scene *scene, bool near_opens, __u32 near,
					   __u32 far)
{
	scene->from = near_opens ? near : far;
	scene->to = near_opens ? far : near;
}

/**
 * scene_ends() - who is at each end, and whether the packet goes through the node
 * @opens: the packet comes from the end that opened its flow
 * Return: NONE and scene->from, ->to, ->forward; why the packet cannot be.
 */
static __always_inline enum cordon_reason scene_ends(HOOK_CONTEXT *ctx, struct scene *scene,
						     const struct tables *tables, bool opens)
{
	const struct cordon_address *address = &scene->packet.source;
	const bool near_opens = scene->out != opens;
	__u32 near = 0, far = CORDON_IDENTITY_NODE, ifindex = scene->came_by;
	enum cordon_reason reason;

	if (scene->out)
		address = &scene->packet.destination;
	reason = verdict_end(tables, scene->class, address,
			     zone_in_slot(scene->slot, tables->settings, address), &near);
	scene_set_ends(scene, near_opens, near, far);
	if (reason)
		return reason;
	if (came_from_nowhere(scene))
		return CORDON_REASON_SPOOFED;
	if (!scene->out && (tables->settings->flags & CORDON_SETTINGS_FORWARD))
		ifindex = far_interface(ctx, scene);
	scene->forward = ifindex != 0;
	if (ifindex)
		reason = far_end(scene, tables, ifindex, &far);
	else if (!near_opens)
		far = local_identity(ctx, scene, tables->settings);
	scene_set_ends(scene, near_opens, near, far);
	return reason;
}

/**
 * ask_here() - may the opener of this packet's flow have it?
 * @opens: the packet comes from the end that opened its flow
 * Return: NONE and scene->rule, or why not.
 */
static __always_inline enum cordon_reason
ask_here(HOOK_CONTEXT *ctx, struct scene *scene, const struct cordon_settings *settings, bool opens)
{
	enum cordon_reason reason;
	struct tables tables;
	__u16 service;

	if (!tables_in_slot(scene->slot, settings, &tables))
		return CORDON_REASON_INTERNAL;
	reason = scene_ends(ctx, scene, &tables, opens);
	if (reason)
		return reason;
	service = opens ? scene->packet.service : scene->packet.source_port;
	scene->rule =
		verdict_rule(&tables, scene->from, scene->to, scene->packet.protocol, service);
	if (!scene->rule && scene->forward && opens)
		scene->rule = container_rule(ctx, scene, &tables);
	if (scene->rule)
		return CORDON_REASON_NONE;
	return scene->latch ? CORDON_REASON_LATCH : CORDON_REASON_NO_RULE;
}

/** ask_rules() - the same, for where a call is not too dear; enum cordon_reason */
VERIFIED_APART __u32 ask_rules(HOOK_CONTEXT *ctx, struct scene *scene, __u32 opens)
{
	if (!scene)
		return CORDON_REASON_INTERNAL;
	return ask_here(ctx, scene, find_settings(scene->slot), opens);
}

/* What is denied before the rules are asked. */
static __always_inline bool is_unasked(enum cordon_reason reason)
{
	return reason == CORDON_REASON_TCP_STATE || reason == CORDON_REASON_ICMP_ORPHAN ||
	       reason == CORDON_REASON_FRAGMENT_ORPHAN;
}

/* What is told of it names its ends all the same. */
VERIFIED_APART __u32 name_ends(HOOK_CONTEXT *ctx, struct scene *scene)
{
	struct tables tables;

	if (scene && tables_in_slot(scene->slot, find_settings(scene->slot), &tables))
		scene_ends(ctx, scene, &tables, true);
	return 0;
}

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
static __always_inline void flow_renew(const struct scene *scene, struct cordon_flow_bucket *bucket,
				       __u32 place, __u64 old, enum flow_way way)
{
	const enum cordon_flow_state state =
		flow_next_state(flow_tag_state(old), way, &scene->packet);
	const __u64 next = scene->key.tag | (__u64)state << TAG_STATE_SHIFT;

	if (__sync_val_compare_and_swap(&bucket->tag[place], old, CORDON_FLOW_TAG_BUSY) != old)
		return;
	bucket->flow[place].rule = scene->rule;
	bucket->flow[place].state = state;
	__sync_lock_test_and_set(&bucket->tag[place], scene->rule ? next : CORDON_FLOW_TAG_FREE);
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

/* Return: enum flow_way; FLOW_UNKNOWN: it is not the packet's, or has expired. */
VERIFIED_APART __u32 stale_way(const struct scene *scene, const struct cordon_flow_bucket *bucket,
			       __u32 stale)
{
	const struct cordon_settings *settings;
	const __u32 place = flow_place(stale);
	enum flow_way way;
	__u64 tag;

	if (!scene || !bucket)
		return FLOW_UNKNOWN;
	settings = find_settings(scene->slot);
	tag = bucket->tag[place];
	if (!settings || !(tag & CORDON_FLOW_TAG_SET) ||
	    !flow_fits(&bucket->flow[place], &scene->packet, scene->key.protocol, &way) ||
	    flow_expired(settings, &bucket->flow[place], flow_tag_state(tag), scene->now))
		return FLOW_UNKNOWN;
	if (scene->packet.protocol == PROTOCOL_TCP &&
	    tcp_reopens(flow_tag_state(tag), way, scene->packet.tcp_flags))
		return FLOW_UNKNOWN;
	return way;
}

/**
 * judge_stale() - a flow that an earlier generation or latch level let in is
 *	decided anew, by the rules and the way in which it was opened; it keeps
 *	its state
 * Return: enum cordon_reason, or FLOW_UNKNOWN.
 */
VERIFIED_APART __u32 judge_stale(HOOK_CONTEXT *ctx, struct scene *scene,
				 struct cordon_flow_bucket *bucket, __u32 stale)
{
	enum cordon_reason reason;
	__u32 way;
	__u64 old;

	if (!scene || !bucket)
		return CORDON_REASON_INTERNAL;
	old = bucket->tag[flow_place(stale)];
	way = stale_way(scene, bucket, stale);
	if (way == FLOW_UNKNOWN)
		return FLOW_UNKNOWN;
	if (scene->packet.fragment == FRAGMENT_LATER)
		return CORDON_REASON_FRAGMENT_ORPHAN;
	reason = ask_rules(ctx, scene, way == FLOW_ORIGINAL);
	if (scene->forward)
		scene->key.tag |= CORDON_FLOW_TAG_FORWARD;
	flow_renew(scene, bucket, flow_place(stale), old, way);
	/* What is told of a reply names its own ends, not its flow's. */
	if (reason && way == FLOW_REPLY)
		scene_set_ends(scene, true, scene->to, scene->from);
	if (!reason)
		scene_count_flow(scene, &bucket->flow[flow_place(stale)]);
	return reason;
}

static __always_inline struct flow_start scene_flow(const struct scene *scene,
						    enum cordon_flow_state state)
{
	return (struct flow_start){ &scene->packet, &scene->key, state,
				    scene->rule,    scene->own,	 scene->now };
}

/* Only a rule lets a flow in for which another has to go; audit mode does not. */
static __always_inline bool has_room(const struct scene *scene,
				     const struct cordon_flow_bucket *bucket)
{
	if (likely(scene->rule))
		return true;
	return scene->own >= CORDON_FLOW_WAYS &&
	       flow_find_free(bucket, flow_preferred(&scene->key)) < CORDON_FLOW_WAYS;
}

/* What the rules allow, or audit mode lets through, becomes a flow. */
static __always_inline void admit(struct scene *scene, const struct cordon_settings *settings,
				  struct cordon_flow_bucket *bucket)
{
	struct flow_start start;
	__u32 place;

	if (!has_room(scene, bucket))
		return;
	if (scene->forward)
		scene->key.tag |= CORDON_FLOW_TAG_FORWARD;
	start = scene_flow(scene, first_state(&scene->packet));
	place = flow_insert(settings, bucket, &start);
	if (place < CORDON_FLOW_WAYS)
		scene_count_flow(scene, &bucket->flow[flow_place(place)]);
}

VERIFIED_APART __u32 flow_admit(struct scene *scene, struct cordon_flow_bucket *bucket)
{
	const struct cordon_settings *settings;

	if (!scene || !bucket)
		return CORDON_REASON_INTERNAL;
	settings = find_settings(scene->slot);
	if (!settings)
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
	const __u64 tag = bucket->tag[place];
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
	scene->rule = flow->rule;
	return likely(flow->rule) || way == FLOW_REPLY ? CORDON_REASON_NONE : FLOW_WATCHED;
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
	const struct cordon_control *held = find_control();
	const struct cordon_settings *settings;
	struct cordon_flow_bucket *bucket;
	struct packet quoted = {};
	enum flow_way way;
	__u32 place, stale;

	if (!scene || !held)
		return CORDON_REASON_INTERNAL;
	settings = find_settings(scene->slot);
	if (!settings || parse_hook_quoted(ctx, scene->packet.quoted, scene->packet.ethertype,
					   &quoted) != CORDON_REASON_NONE)
		return CORDON_REASON_ICMP_ORPHAN;
	if (!address_equal(&scene->packet.destination, &quoted.source))
		return CORDON_REASON_ICMP_ORPHAN;
	flow_key_make(held, &quoted, quoted.protocol, scene->class, scene->epoch, &scene->key);
	key_path(scene, &scene->key);
	bucket = find_bucket(scene->slot, settings, &scene->key);
	if (!bucket)
		return CORDON_REASON_INTERNAL;
	place = flow_find(bucket, &scene->key, &stale);
	if (place >= CORDON_FLOW_WAYS)
		return CORDON_REASON_ICMP_ORPHAN;
	place = flow_place(place);
	if (!flow_fits(&bucket->flow[place], &quoted, quoted.protocol, &way))
		return CORDON_REASON_ICMP_ORPHAN;
	scene->rule = bucket->flow[place].rule;
	return CORDON_REASON_NONE;
}

/* The later fragments of an allowed packet follow this entry. */
VERIFIED_APART __u32 fragment_lead(struct scene *scene)
{
	const struct cordon_control *held = find_control();
	const struct cordon_settings *settings;
	struct cordon_flow_bucket *bucket;
	struct flow_start start;
	__u32 place, stale;
	__u64 path;

	if (!scene || !held)
		return CORDON_REASON_INTERNAL;
	settings = find_settings(scene->slot);
	if (!settings)
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
	place = flow_find(bucket, &scene->key, &stale);
	scene->own = place < CORDON_FLOW_WAYS ? place : stale;
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
	__u32 verdict = FLOW_UNKNOWN, stale;
	const __u32 place = flow_find(bucket, &scene->key, &stale);

	scene->own = place < CORDON_FLOW_WAYS ? place : stale;
	if (likely(place < CORDON_FLOW_WAYS))
		verdict = judge_live(scene, settings, bucket, flow_place(place));
	if (unlikely(verdict == FLOW_UNKNOWN) && unlikely(stale < CORDON_FLOW_WAYS))
		return judge_stale(ctx, scene, bucket, stale);
	return verdict;
}

/* The rules have spoken of a SYN: it is of a connection that is there, or of a new one. */
VERIFIED_APART __u32 flow_connect(struct scene *scene)
{
	const struct cordon_control *held = find_control();
	const struct cordon_settings *settings;
	struct cordon_flow_bucket *bucket;
	__u32 place, stale;

	if (!scene || !held)
		return CORDON_REASON_INTERNAL;
	settings = find_settings(scene->slot);
	if (!settings)
		return CORDON_REASON_INTERNAL;
	bucket = scene_bucket(scene, held, settings);
	if (!bucket)
		return CORDON_REASON_INTERNAL;
	place = flow_find(bucket, &scene->key, &stale);
	scene->own = place < CORDON_FLOW_WAYS ? place : stale;
	if (place >= CORDON_FLOW_WAYS ||
	    judge_live(scene, settings, bucket, flow_place(place)) == FLOW_UNKNOWN)
		admit(scene, settings, bucket);
	return CORDON_REASON_NONE;
}

static __always_inline enum cordon_reason judge_packet(HOOK_CONTEXT *ctx, struct scene *scene,
						       const struct cordon_control *held,
						       const struct cordon_settings *settings)
{
	const bool first = connects(&scene->packet);
	struct cordon_flow_bucket *bucket = NULL;
	enum cordon_reason reason;
	__u32 known = FLOW_WATCHED, error;

	if (likely(!first)) {
		bucket = scene_bucket(scene, held, settings);
		if (!bucket)
			return CORDON_REASON_INTERNAL;
		known = judge_known(ctx, scene, settings, bucket);
		if (likely(known < FLOW_UNKNOWN))
			return known;
	}
	reason = known == FLOW_UNKNOWN ? opens_nothing(&scene->packet) : CORDON_REASON_NONE;
	if (!reason)
		reason = ask_here(ctx, scene, settings, true);
	if (likely(reason) && likely(!(settings->flags & CORDON_SETTINGS_AUDIT)))
		return reason;
	error = first ? flow_connect(scene) : flow_admit(scene, bucket);
	return reason ? reason : error;
}

/* Who sent a packet, from the socket that it left by. */
static __always_inline const struct cordon_owner *sender(HOOK_CONTEXT *ctx,
							 const struct scene *scene)
{
	struct bpf_sock *sock;

	if (!HOOK_IS_SKB || !scene->out)
		return NULL;
	sock = ((struct __sk_buff *)ctx)->sk;
	if (!sock)
		return NULL;
	sock = bpf_sk_fullsock(sock);
	if (!sock)
		return NULL;
	return bpf_sk_storage_get(&owners, sock, NULL, 0);
}

static __always_inline __u8 scene_direction(const struct scene *scene)
{
	if (!scene->out)
		return CORDON_DIRECTION_IN;
	return scene->came_by ? CORDON_DIRECTION_FORWARD : CORDON_DIRECTION_OUT;
}

static __always_inline void tell_denial(HOOK_CONTEXT *ctx, const struct scene *scene, __u32 reason,
					__u32 audit)
{
	struct denial denial = {};

	denial.key.reason = reason;
	denial.key.from = scene->from;
	denial.key.to = scene->to;
	denial.key.service = scene->packet.service;
	denial.key.protocol = scene->packet.protocol;
	denial.key.direction = scene_direction(scene);
	denial.key.audit = audit;
	denial.key.latch = scene->latch;
	denial.key.generation = scene->generation;
	denial.key.ifindex = scene->ifindex;
	if (scene->out && !scene->came_by)
		denial.key.cgroup = sender_cgroup(ctx);
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

	if (likely(!packet->builtin) ||
	    !verdict_builtin(settings, packet->builtin, packet->builtin_direction,
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
	if (unlikely(scene->packet.icmp == ICMP_ABOUT_FLOW))
		return judge_error(ctx, scene);
	reason = judge_packet(ctx, scene, held, settings);
	if (!reason && unlikely(scene->packet.fragment == FRAGMENT_FIRST))
		fragment_lead(scene);
	return reason;
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
	count_interface(scene, reason != CORDON_REASON_NONE);
	if (likely(!reason)) {
		if (!scene->came_by)
			count_rule(scene->rule, scene->packets, scene->bytes);
		return true;
	}
	audit = settings && (settings->flags & CORDON_SETTINGS_AUDIT);
	if (unlikely(settings && (settings->flags & CORDON_SETTINGS_QUIET)))
		count_reason(reason, scene->packets, scene->bytes);
	else {
		if (unlikely(is_unasked(reason)))
			name_ends(ctx, scene);
		tell_denial(ctx, scene, reason, audit);
	}
	return audit;
}

static __always_inline struct scene *find_scene(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scenes, &zero);
}

#endif
