/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One packet at one hook, from bytes to pass or drop: parse, look for its
 * flow, else ask the rules and make one.  XDP and tc share it; what only tc can
 * do is behind HOOK_IS_SKB, which the including file defines.
 *
 * The stack has 512 bytes for all frames: what is rarely needed is a function
 * of its own with a frame of its own.
 *
 * Precedence:
 *	1. a packet that cannot be parsed is denied with the parser's reason
 *	2. built-in rules (ARP, neighbour discovery, DHCP client ...) pass it
 *	3. a live flow of this generation and latch passes it
 *	4. a later fragment, an ICMP reply or error, or a TCP segment that opens
 *	   nothing is denied if it found no flow
 *	5. the rules decide; what they allow becomes a flow
 *	6. in audit mode a denial is counted and told, and the packet passes
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
#include "verdict.h"

#define AF_INET 2
#define AF_INET6 10

/**
 * struct scene - a packet, where it is met, and all that is known of it so far
 * @ctx: struct __sk_buff if HOOK_IS_SKB, else struct xdp_md
 * @ifindex: the interface
 * @came_by: on the way out: interface it came in by, 0 if it is the node's own
 * @packets: that it stands for (GRO, TSO)
 * @bytes: of all of them
 * @out: on its way out
 * @forward: it goes through the node
 * @place: of the interface in `interfaces`, CORDON_INTERFACES_MAX if it has none
 * @class: of the interface (or of the VLAN child that the packet is for)
 * @now: ticks of the flow table
 * @from, @to: identities, as far as they were found out
 * @rule: slot of the rule that lets it pass
 */
struct scene {
	void *ctx;
	const struct cordon_control *control;
	const struct cordon_settings *settings;
	__u64 epoch;
	__u32 ifindex;
	__u32 came_by;
	__u32 packets;
	__u32 bytes;
	bool out;
	bool forward;
	__u16 rule;
	__u32 generation;
	__u32 latch;
	__u32 slot;
	__u32 place;
	__u32 class;
	__u32 now;
	__u16 from;
	__u16 to;
	struct packet packet;
	struct flow_key key;
};

static __always_inline __u32 control_generation(const struct cordon_control *control)
{
	const __u64 confirm_by = *(const volatile __u64 *)&control->confirm_by;

	if (unlikely(confirm_by) && bpf_ktime_get_ns() >= confirm_by)
		return *(const volatile __u32 *)&control->former;
	return *(const volatile __u32 *)&control->generation;
}

/* false: no policy was ever loaded */
static __always_inline bool scene_enter(struct scene *scene)
{
	__u32 zero = 0;
	void *settings;

	scene->settings = NULL;
	scene->control = bpf_map_lookup_elem(&control, &zero);
	if (!scene->control)
		return false;
	scene->generation = control_generation(scene->control);
	scene->latch = *(const volatile __u32 *)&scene->control->latch & 3;
	scene->slot = (scene->generation & 1) * CORDON_LATCH_LEVELS + scene->latch;
	scene->epoch = flow_epoch(scene->generation, scene->latch);
	settings = bpf_map_lookup_elem(&settings_of, &scene->slot);
	if (!settings)
		return false;
	scene->settings = bpf_map_lookup_elem(settings, &zero);
	return scene->settings != NULL;
}

static __always_inline __u32 interface_place(__u32 ifindex)
{
	for (__u32 i = 0; i < CORDON_INTERFACE_PROBES; i++) {
		__u32 place = (ifindex + i) % CORDON_INTERFACES_MAX;
		const struct cordon_interface *found = bpf_map_lookup_elem(&interfaces, &place);

		if (!found || !found->ifindex)
			break;
		if (likely(found->ifindex == ifindex))
			return place;
	}
	return CORDON_INTERFACES_MAX;
}

static __always_inline __u32 interface_class(const struct scene *scene, __u32 place)
{
	const struct cordon_interface *found = bpf_map_lookup_elem(&interfaces, &place);

	return found ? found->class[scene->generation & 1] : 0;
}

static __noinline __u32 vlan_class(const struct scene *scene)
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
		return interface_class(scene, scene->place);
	return vlan->class[scene->generation & 1];
}

static __always_inline void scene_class(struct scene *scene)
{
	scene->class = 0;
	if (!(scene->settings->flags & CORDON_SETTINGS_TIED))
		return;
	if (unlikely(scene->packet.vlan[0]))
		scene->class = vlan_class(scene);
	else
		scene->class = interface_class(scene, scene->place);
}

static __always_inline bool scene_tables(const struct scene *scene, struct tables *ret_tables)
{
	ret_tables->settings = scene->settings;
	ret_tables->prefixes = bpf_map_lookup_elem(&prefixes_of, &scene->slot);
	ret_tables->matrix = bpf_map_lookup_elem(&matrix_of, &scene->slot);
	ret_tables->pages = bpf_map_lookup_elem(&pages_of, &scene->slot);
	ret_tables->classes = bpf_map_lookup_elem(&classes_of, &scene->slot);
	return ret_tables->prefixes && ret_tables->matrix && ret_tables->pages &&
	       ret_tables->classes;
}

static __always_inline struct cordon_flow_bucket *scene_bucket(const struct scene *scene,
							       const struct flow_key *key)
{
	void *flows = bpf_map_lookup_elem(&flows_of, &scene->slot);
	__u32 bucket = flow_bucket(key, scene->settings->flow_buckets);

	if (!flows)
		return NULL;
	return bpf_map_lookup_elem(flows, &bucket);
}

/* Who owns a cgroup: a workload or just the node. */
static __always_inline __u32 cgroup_identity(const struct scene *scene, __u64 cgroup)
{
	const struct cordon_workload *workload;

	if (!(scene->settings->flags & CORDON_SETTINGS_WORKLOADS))
		return CORDON_IDENTITY_NODE;
	workload = bpf_map_lookup_elem(&workload_cgroups, &cgroup);
	if (!workload || !workload->identity[scene->generation & 1])
		return CORDON_IDENTITY_NODE;
	return workload->identity[scene->generation & 1];
}

/* The cgroup of the local socket that an incoming packet is for. */
static __always_inline __u64 receiver_cgroup(const struct scene *scene)
{
	const struct packet *packet = &scene->packet;
	struct bpf_sock_tuple tuple = {};
	struct bpf_sock *sock = NULL;
	__u32 size = sizeof(tuple.ipv6);
	__u64 cgroup;

	if (!HOOK_IS_SKB)
		return 0;
	if (packet->ethertype == ETHERTYPE_IPV4) {
		size = sizeof(tuple.ipv4);
		tuple.ipv4.saddr = to_be32(address_word(&packet->source, 3));
		tuple.ipv4.daddr = to_be32(address_word(&packet->destination, 3));
		tuple.ipv4.sport = from_be16(packet->source_port);
		tuple.ipv4.dport = from_be16(packet->destination_port);
	} else {
		__builtin_memcpy(tuple.ipv6.saddr, &packet->source, sizeof(packet->source));
		__builtin_memcpy(tuple.ipv6.daddr, &packet->destination,
				 sizeof(packet->destination));
		tuple.ipv6.sport = from_be16(packet->source_port);
		tuple.ipv6.dport = from_be16(packet->destination_port);
	}
	if (packet->protocol == PROTOCOL_TCP)
		sock = bpf_sk_lookup_tcp(scene->ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	else if (packet->protocol == PROTOCOL_UDP)
		sock = bpf_sk_lookup_udp(scene->ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (!sock)
		return 0;
	cgroup = bpf_sk_cgroup_id(sock);
	bpf_sk_release(sock);
	return cgroup;
}

static __always_inline __u32 local_identity(const struct scene *scene)
{
	if (!(scene->settings->flags & CORDON_SETTINGS_WORKLOADS))
		return CORDON_IDENTITY_NODE;
	if (!scene->out)
		return cgroup_identity(scene, receiver_cgroup(scene));
	return cgroup_identity(scene, HOOK_IS_SKB ? bpf_skb_cgroup_id(scene->ctx) : 0);
}

/**
 * far_interface() - where an incoming packet will leave
 * Return: its index, or 0 if it is for the node.
 */
static __always_inline __u32 far_interface(const struct scene *scene)
{
	const struct packet *packet = &scene->packet;
	struct bpf_fib_lookup fib = {};
	long result;

	if (address_is_multicast(&packet->destination) ||
	    bpf_map_lookup_elem(&local_addresses, &packet->destination))
		return 0;
	fib.ifindex = scene->ifindex;
	fib.l4_protocol = packet->protocol;
	if (packet->ethertype == ETHERTYPE_IPV4) {
		fib.family = AF_INET;
		fib.ipv4_src = to_be32(address_word(&packet->source, 3));
		fib.ipv4_dst = to_be32(address_word(&packet->destination, 3));
	} else {
		fib.family = AF_INET6;
		__builtin_memcpy(fib.ipv6_src, &packet->source, sizeof(packet->source));
		__builtin_memcpy(fib.ipv6_dst, &packet->destination, sizeof(packet->destination));
	}
	result = bpf_fib_lookup(scene->ctx, &fib, sizeof(fib), 0);
	return fib_says_forward(result) ? fib.ifindex : 0;
}

/* The identity at the other end of a forwarded packet, by the interface there. */
static __always_inline enum cordon_reason far_end(const struct scene *scene,
						  const struct tables *tables, __u32 ifindex,
						  __u32 *ret_identity)
{
	const struct cordon_address *address = &scene->packet.destination;
	const struct cordon_class *class;
	enum cordon_reason reason;
	__u32 number = 0;

	if (scene->out)
		address = &scene->packet.source;
	if (scene->settings->flags & CORDON_SETTINGS_TIED)
		number = interface_class(scene, interface_place(ifindex));
	reason = verdict_end(tables, number, address, ret_identity);
	if (!scene->out || !bpf_map_lookup_elem(&local_addresses, address))
		return reason;
	/* Masquerading put the node's own address there on the way. */
	class = table_at(tables->classes, number);
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
static __always_inline __u32 container_rule(const struct scene *scene, const struct tables *tables,
					    __u32 to)
{
	__u32 identity;

	if (!HOOK_IS_SKB || scene->out || !(scene->settings->flags & CORDON_SETTINGS_WORKLOADS))
		return 0;
	identity = cgroup_identity(scene, bpf_skb_cgroup_id(scene->ctx));
	if (identity == CORDON_IDENTITY_NODE)
		return 0;
	return verdict_rule(tables, identity, to, scene->packet.protocol, scene->packet.service);
}

/**
 * scene_ends() - who is at each end, and whether the packet goes through the node
 * @opens: the packet comes from the end that opened its flow
 * Return: NONE and scene->from, ->to, ->forward; why the packet cannot be.
 */
static __always_inline enum cordon_reason scene_ends(struct scene *scene,
						     const struct tables *tables, bool opens)
{
	const struct packet *packet = &scene->packet;
	const bool near_opens = scene->out != opens;
	__u32 near = 0, far = CORDON_IDENTITY_NODE, ifindex = scene->came_by;
	enum cordon_reason reason;

	reason = verdict_end(tables, scene->class,
			     scene->out ? &packet->destination : &packet->source, &near);
	scene->from = near_opens ? near : far;
	scene->to = near_opens ? far : near;
	if (reason)
		return reason;
	if (came_from_nowhere(scene))
		return CORDON_REASON_SPOOFED;
	if (!scene->out && (scene->settings->flags & CORDON_SETTINGS_FORWARD))
		ifindex = far_interface(scene);
	scene->forward = ifindex != 0;
	if (ifindex)
		reason = far_end(scene, tables, ifindex, &far);
	else if (!near_opens)
		far = local_identity(scene);
	scene->from = near_opens ? near : far;
	scene->to = near_opens ? far : near;
	return reason;
}

/**
 * ask_rules() - may the opener of this packet's flow have it?
 * @opens: the packet comes from the end that opened its flow
 * Return: NONE and scene->rule, or why not.
 */
static __noinline enum cordon_reason ask_rules(struct scene *scene, bool opens)
{
	enum cordon_reason reason;
	struct tables tables;
	__u16 service;
	__u32 rule;

	if (!scene || !scene_tables(scene, &tables))
		return CORDON_REASON_INTERNAL;
	reason = scene_ends(scene, &tables, opens);
	if (reason)
		return reason;
	service = opens ? scene->packet.service : scene->packet.source_port;
	rule = verdict_rule(&tables, scene->from, scene->to, scene->packet.protocol, service);
	if (!rule && scene->forward && opens)
		rule = container_rule(scene, &tables, scene->to);
	scene->rule = rule;
	if (rule)
		return CORDON_REASON_NONE;
	return scene->latch ? CORDON_REASON_LATCH : CORDON_REASON_NO_RULE;
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
	if ((packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
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

static __always_inline void packet_flow_key(const struct packet *packet, struct flow_key *ret_key)
{
	ret_key->source = packet->source;
	ret_key->destination = packet->destination;
	ret_key->source_port = packet->source_port;
	ret_key->destination_port = packet->destination_port;
	ret_key->protocol = packet->protocol;
}

static __always_inline void fragment_flow_key(const struct packet *packet, struct flow_key *ret_key)
{
	ret_key->source = packet->source;
	ret_key->destination = packet->destination;
	ret_key->source_port = packet->fragment_id >> 16;
	ret_key->destination_port = (__u16)packet->fragment_id;
	ret_key->protocol = CORDON_FLOW_FRAGMENT;
}

/* The later fragments of an allowed packet follow this entry. */
static __noinline int fragment_lead(const struct scene *scene)
{
	struct cordon_flow_bucket *bucket;
	struct flow_key key;

	if (!scene)
		return 0;
	fragment_flow_key(&scene->packet, &key);
	flow_key_seal(scene->control, &key, scene->class, scene->epoch);
	key.tag |= scene->key.tag & CORDON_FLOW_TAG_FORWARD;
	bucket = scene_bucket(scene, &key);
	if (bucket && flow_find(bucket, key.tag, key.ignore) >= CORDON_FLOW_WAYS)
		flow_insert(scene->settings, bucket, &key, scene->rule, CORDON_FLOW_NEW,
			    scene->now);
	return 0;
}

/**
 * flow_find_stale() - a flow of these ends that an earlier generation or latch
 *	level let in
 * Return: its place, or WAYS.
 */
static __always_inline __u32 flow_find_stale(const struct scene *scene,
					     const struct cordon_flow_bucket *bucket,
					     enum flow_way *ret_way)
{
	const __u32 place = flow_find(bucket, scene->key.tag, 0xffffffffULL);
	__u64 tag;

	if (place >= CORDON_FLOW_WAYS)
		return CORDON_FLOW_WAYS;
	tag = bucket->tag[place];
	if (tag == CORDON_FLOW_TAG_BUSY || !flow_fits(&bucket->flow[place], &scene->key, ret_way))
		return CORDON_FLOW_WAYS;
	if (flow_expired(scene->settings, &bucket->flow[place], flow_tag_state(tag), scene->now))
		return CORDON_FLOW_WAYS;
	return place;
}

/* Stamp a flow that the rules allow anew, forget one that they do not.  If its
 * tag is no longer @old, another CPU was faster. */
static __always_inline void flow_renew(const struct scene *scene, struct cordon_flow_bucket *bucket,
				       __u32 place, __u64 old)
{
	const __u64 next = scene->key.tag | (old & TAG_STATE_MASK);

	if (__sync_val_compare_and_swap(&bucket->tag[place], old, CORDON_FLOW_TAG_BUSY) != old)
		return;
	bucket->flow[place].rule = scene->rule;
	__sync_lock_test_and_set(&bucket->tag[place], scene->rule ? next : CORDON_FLOW_TAG_FREE);
}

/* A flow from before the switch is decided anew, by the rules and the way in
 * which it was opened, and keeps its state. */
static __always_inline enum cordon_reason judge_stale(struct scene *scene,
						      struct cordon_flow_bucket *bucket,
						      __u32 place, enum flow_way way)
{
	const __u64 old = bucket->tag[place];
	enum cordon_reason reason;

	if (scene->packet.fragment == FRAGMENT_LATER)
		return CORDON_REASON_FRAGMENT_ORPHAN;
	reason = ask_rules(scene, way == FLOW_ORIGINAL);
	if (scene->forward)
		scene->key.tag |= CORDON_FLOW_TAG_FORWARD;
	flow_renew(scene, bucket, place, old);
	if (!reason && !scene->came_by)
		flow_count(&bucket->flow[place], scene->packets, scene->bytes, scene->now);
	return reason;
}

/**
 * judge_new() - no live flow: ask the rules, and make or renew the flow
 * @reopens: a flow of these ends is there, but it is over
 * Return: NONE and scene->rule, or why not.
 */
static __noinline enum cordon_reason judge_new(struct scene *scene,
					       struct cordon_flow_bucket *bucket, bool reopens)
{
	enum flow_way way = FLOW_ORIGINAL;
	enum cordon_reason reason;
	__u32 place;

	if (!scene || !bucket)
		return CORDON_REASON_INTERNAL;
	place = reopens ? CORDON_FLOW_WAYS : flow_find_stale(scene, bucket, &way);
	if (place < CORDON_FLOW_WAYS)
		return judge_stale(scene, bucket, place, way);
	reason = opens_nothing(&scene->packet);
	if (!reason)
		reason = ask_rules(scene, true);
	if (reason)
		return reason;
	if (scene->forward)
		scene->key.tag |= CORDON_FLOW_TAG_FORWARD;
	place = flow_insert(scene->settings, bucket, &scene->key, scene->rule,
			    first_state(&scene->packet), scene->now);
	if (place < CORDON_FLOW_WAYS && !scene->came_by)
		flow_count(&bucket->flow[place], scene->packets, scene->bytes, scene->now);
	return CORDON_REASON_NONE;
}

/**
 * judge_flow() - does a live flow pass the packet by itself?
 * @ret_over: set if there is a flow, but it is over
 */
static __always_inline bool judge_flow(struct scene *scene, struct cordon_flow_bucket *bucket,
				       bool *ret_over)
{
	const __u32 place = flow_find(bucket, scene->key.tag, scene->key.ignore);
	enum cordon_flow_state state, next;
	struct cordon_flow *flow;
	enum flow_way way;
	__u64 tag;

	if (place >= CORDON_FLOW_WAYS)
		return false;
	flow = &bucket->flow[place];
	tag = bucket->tag[place];
	state = flow_tag_state(tag);
	if (!flow_fits(flow, &scene->key, &way))
		return false;
	*ret_over = flow_expired(scene->settings, flow, state, scene->now) ||
		    (scene->packet.protocol == PROTOCOL_TCP &&
		     tcp_reopens(state, way, scene->packet.tcp_flags));
	if (unlikely(*ret_over))
		return false;
	next = flow_next_state(state, way, &scene->packet);
	if (unlikely(next != state))
		flow_set_state(bucket, place, tag, next);
	/* What came in by another interface was counted there. */
	if (!scene->came_by)
		flow_count(flow, scene->packets, scene->bytes, scene->now);
	scene->rule = flow->rule;
	return true;
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
 * @cursor: behind the ICMP header
 */
static __noinline enum cordon_reason judge_error(struct scene *scene, struct cursor *cursor)
{
	struct cordon_flow_bucket *bucket;
	enum cordon_reason reason;
	struct packet quoted = {};
	enum flow_way way;
	__u32 place;

	if (!scene || !cursor)
		return CORDON_REASON_INTERNAL;
	reason = parse_quoted(cursor, scene->packet.ethertype, &quoted);
	if (reason)
		return reason;
	if (!address_equal(&scene->packet.destination, &quoted.source))
		return CORDON_REASON_ICMP_ORPHAN;
	packet_flow_key(&quoted, &scene->key);
	flow_key_seal(scene->control, &scene->key, scene->class, scene->epoch);
	key_path(scene, &scene->key);
	bucket = scene_bucket(scene, &scene->key);
	if (!bucket)
		return CORDON_REASON_INTERNAL;
	place = flow_find(bucket, scene->key.tag, scene->key.ignore);
	if (place >= CORDON_FLOW_WAYS || !flow_fits(&bucket->flow[place], &scene->key, &way))
		return CORDON_REASON_ICMP_ORPHAN;
	scene->rule = bucket->flow[place].rule;
	return CORDON_REASON_NONE;
}

static __always_inline enum cordon_reason judge_packet(struct scene *scene)
{
	struct cordon_flow_bucket *bucket;
	enum cordon_reason reason;
	bool over = false;

	if (unlikely(scene->packet.fragment == FRAGMENT_LATER))
		fragment_flow_key(&scene->packet, &scene->key);
	else
		packet_flow_key(&scene->packet, &scene->key);
	flow_key_seal(scene->control, &scene->key, scene->class, scene->epoch);
	key_path(scene, &scene->key);
	bucket = scene_bucket(scene, &scene->key);
	if (!bucket)
		return CORDON_REASON_INTERNAL;
	reason = CORDON_REASON_NONE;
	if (!judge_flow(scene, bucket, &over))
		reason = judge_new(scene, bucket, over);
	if (!reason && unlikely(scene->packet.fragment == FRAGMENT_FIRST))
		fragment_lead(scene);
	return reason;
}

/* Who sent a packet, from the socket that it left by. */
static __always_inline const struct cordon_owner *sender(const struct scene *scene)
{
	struct __sk_buff *skb = scene->ctx;
	struct bpf_sock *sock;

	if (!HOOK_IS_SKB || !scene->out)
		return NULL;
	sock = skb->sk;
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

static __noinline int tell_denial(const struct scene *scene, enum cordon_reason reason)
{
	struct denial denial = {};

	if (!scene)
		return 0;
	denial.key.reason = reason;
	denial.key.from = scene->from;
	denial.key.to = scene->to;
	denial.key.service = scene->packet.service;
	denial.key.protocol = scene->packet.protocol;
	denial.key.direction = scene_direction(scene);
	denial.key.audit = scene->settings && (scene->settings->flags & CORDON_SETTINGS_AUDIT);
	denial.key.latch = scene->latch;
	denial.key.generation = scene->generation;
	denial.key.ifindex = scene->ifindex;
	if (HOOK_IS_SKB && scene->out && !scene->came_by)
		denial.key.cgroup = bpf_skb_cgroup_id(scene->ctx);
	denial.packet = &scene->packet;
	denial.owner = sender(scene);
	denial.packets = scene->packets;
	denial.bytes = scene->bytes;
	denial_packet(&denial);
	return 0;
}

static __always_inline void count_interface(const struct scene *scene, bool denied)
{
	struct cordon_interface_counter *counter;
	struct cordon_traffic *traffic;

	counter = bpf_map_lookup_elem(&interface_counts, &scene->place);
	if (!counter)
		return;
	if (denied)
		traffic = scene->out ? &counter->out_denied : &counter->in_denied;
	else
		traffic = scene->out ? &counter->out : &counter->in;
	traffic->packets += scene->packets;
	traffic->bytes += scene->bytes;
}

/* @policy: scene_enter() found one */
static __always_inline enum cordon_reason scene_judge(struct scene *scene, struct cursor *cursor,
						      bool policy)
{
	const struct packet *packet = &scene->packet;

	if (unlikely(packet->builtin) &&
	    verdict_builtin(scene->settings, packet->builtin, packet->builtin_direction,
			    scene->out ? BUILTIN_OUT : BUILTIN_IN)) {
		scene->rule = packet->builtin;
		return CORDON_REASON_NONE;
	}
	if (unlikely(!policy))
		return CORDON_REASON_NO_POLICY;
	if (unlikely(packet->ethertype == ETHERTYPE_ARP))
		return CORDON_REASON_BUILTIN_OFF;
	scene_class(scene);
	if (unlikely(packet->icmp == ICMP_ABOUT_FLOW))
		return judge_error(scene, cursor);
	return judge_packet(scene);
}

/**
 * packet_passes() - the verdict on a parsed packet, counted and told
 * @scene: the fields of the hook and @packet are filled in, the rest is zero
 * @cursor: behind the headers
 * @reason: what the parser said
 */
static __always_inline bool packet_passes(struct scene *scene, struct cursor *cursor,
					  enum cordon_reason reason)
{
	bool policy;

	scene->now = bpf_ktime_get_coarse_ns() >> FLOW_TICK_SHIFT;
	scene->place = interface_place(scene->ifindex);
	policy = scene_enter(scene);
	if (likely(!reason))
		reason = scene_judge(scene, cursor, policy);
	count_interface(scene, reason != CORDON_REASON_NONE);
	if (unlikely(reason)) {
		tell_denial(scene, reason);
		return policy && (scene->settings->flags & CORDON_SETTINGS_AUDIT);
	}
	if (!scene->came_by)
		count_rule(scene->rule, scene->packets, scene->bytes);
	return true;
}

#endif
