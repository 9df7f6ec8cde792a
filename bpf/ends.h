/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is at each end of a packet - the node, a workload, a zone or a stranger -
 * and what the rules say of the two.
 *
 * At the way in it is not known yet whether a packet is for the node or to be
 * forwarded: the node's addresses and the routing table tell.  At the way out a
 * packet that came in elsewhere is forwarded and is asked for by the rules
 * between zones only, so a packet let in for the node cannot leave it again.
 * Knows no flow table.
 */
#ifndef CORDON_BPF_ENDS_H
#define CORDON_BPF_ENDS_H

#include <linux/bpf.h>

#include "compat.h"
#include "core.h"
#include "maps.h"
#include "scene.h"
#include "state.h"
#include "verdict.h"

#define PACKET_OTHERHOST 3 /* <linux/if_packet.h> */
#define AF_INET 2
#define AF_INET6 10

/* The cgroup whose socket sends an outgoing packet. */
static __always_inline __u64 sender_cgroup(HOOK_CONTEXT *ctx)
{
	return HOOK_IS_SKB ? bpf_skb_cgroup_id((struct __sk_buff *)ctx) : 0;
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

/* The local socket that an incoming packet is for; bpf_sk_release() it. */
static __always_inline struct bpf_sock *receiver(HOOK_CONTEXT *ctx, const struct scene *scene)
{
	struct bpf_sock_tuple tuple = {};
	const __u32 size = socket_tuple(&scene->packet, &tuple);

	if (size > sizeof(tuple))
		return NULL;
	if (scene->packet.protocol == PROTOCOL_TCP)
		return bpf_sk_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	if (scene->packet.protocol == PROTOCOL_UDP)
		return bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	return NULL;
}

static __noinline __u64 receiver_cgroup(HOOK_CONTEXT *ctx, const struct scene *scene)
{
	struct cordon_owner *owner;
	struct bpf_sock *sock;
	__u64 cgroup;

	if (!HOOK_IS_SKB || !scene)
		return 0;
	sock = receiver(ctx, scene);
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

/* Where @scene says that a packet goes or came from: by the interface there, and on
 * this side by what the routing table says.  0: it does not go through the node. */
VERIFIED_APART __u32 find_far_interface(HOOK_CONTEXT *ctx, struct scene *scene)
{
	if (!scene)
		return 0;
	scene->far_interface = scene->out ? scene->came_by : far_interface(ctx, scene);
	scene->forward = scene->far_interface != 0;
	return scene->far_interface;
}

static __always_inline const struct cordon_address *far_address(const struct scene *scene)
{
	return scene->out ? &scene->packet.source : &scene->packet.destination;
}

/**
 * far_end() - the identity at the other end of a forwarded packet
 * @zone: of far_address(); it is looked up by the caller, for the stack of six
 *	functions in a row would be too large
 * Return: enum cordon_reason, and scene->far
 */
VERIFIED_APART __u32 far_end(struct scene *scene, __u32 zone)
{
	const struct cordon_address *address;
	const struct cordon_class *class;
	enum cordon_reason reason;
	struct tables tables;
	__u32 number = 0;

	if (!scene)
		return CORDON_REASON_INTERNAL;
	scene->far = CORDON_IDENTITY_STRANGER;
	if (!tables_in_slot(scene->slot, find_settings(scene->slot), &tables))
		return CORDON_REASON_INTERNAL;
	address = far_address(scene);
	if (tables.settings->flags & CORDON_SETTINGS_TIED)
		number = interface_class(scene->generation, interface_place(scene->far_interface));
	reason = verdict_end(&tables, number, address, zone, &scene->far);
	if (!scene->out || !is_own_address(address))
		return reason;
	/* Masquerading put the node's own address there on the way. */
	class = table_at(&tables.classes, number);
	if (!class || !class->forwarder)
		return reason;
	scene->far = class->forwarder;
	return CORDON_REASON_NONE;
}

VERIFIED_APART __u32 ipv6_from_nowhere(const struct cordon_address *source)
{
	return source && (address_is_multicast(source) || address_is_loopback(source) ||
			  is_own_address(source));
}

/* A source that no packet has that comes in.  Of the node's own IPv4 addresses
 * the kernel sees to it (martians). */
static __always_inline bool came_from_nowhere(const struct scene *scene)
{
	const struct cordon_address *source = &scene->packet.source;

	if (scene->out)
		return false;
	if (likely(address_is_ipv4(source)))
		return ipv4_is_multicast(address_word(source, 3)) ||
		       address_word(source, 3) >> 24 == 127;
	return ipv6_from_nowhere(source);
}

/* The remote end on this side.
 * @here: an IPv4 address is looked up without a call; for the one place that is hot */
static __always_inline enum cordon_reason
near_end(const struct scene *scene, const struct tables *tables, bool here, __u32 *ret_identity)
{
	const struct cordon_address *address = &scene->packet.source;
	enum cordon_reason reason;
	__u32 zone;

	if (scene->out)
		address = &scene->packet.destination;
	if (here && address_is_ipv4(address))
		zone = verdict_zone4(tables, address);
	else
		zone = zone_in_slot(scene->slot, tables->settings, address);
	reason = verdict_end(tables, scene->class, address, zone, ret_identity);
	return !reason && came_from_nowhere(scene) ? CORDON_REASON_SPOOFED : reason;
}

/** near_reason() - why the remote end on this side cannot be here; enum cordon_reason */
VERIFIED_APART __u32 near_reason(const struct scene *scene)
{
	struct tables tables;
	__u32 identity = 0;

	if (!scene || !tables_in_slot(scene->slot, find_settings(scene->slot), &tables))
		return CORDON_REASON_INTERNAL;
	return near_end(scene, &tables, false, &identity);
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
 *
 * The identities are kept in registers: two halves that are written to memory and
 * read as a whole cost as much as all the rest.
 * Return: NONE and scene->from, ->to, ->forward; why the packet cannot be.
 */
static __always_inline enum cordon_reason scene_ends(HOOK_CONTEXT *ctx, struct scene *scene,
						     const struct tables *tables, bool opens,
						     bool here)
{
	const bool near_opens = scene->out != opens;
	__u32 near = 0, far = CORDON_IDENTITY_NODE;
	enum cordon_reason reason = near_end(scene, tables, here, &near);

	scene->forward = 0;
	scene_set_ends(scene, near_opens, near, far);
	if (reason)
		return reason;
	if ((scene->out ? scene->came_by : tables->settings->flags & CORDON_SETTINGS_FORWARD) &&
	    find_far_interface(ctx, scene)) {
		reason = far_end(scene,
				 zone_in_slot(scene->slot, tables->settings, far_address(scene)));
		far = scene->far;
	} else if (!near_opens) {
		far = local_identity(ctx, scene, tables->settings);
	}
	scene_set_ends(scene, near_opens, near, far);
	return reason;
}

/**
 * ask_here() - may the opener of this packet's flow have it?
 * @opens: the packet comes from the end that opened its flow
 * Return: NONE and scene->rule, or why not.
 */
static __always_inline enum cordon_reason ask_here(HOOK_CONTEXT *ctx, struct scene *scene,
						   const struct cordon_settings *settings,
						   bool opens, bool here)
{
	enum cordon_reason reason;
	struct tables tables;
	__u16 service;

	if (!tables_in_slot(scene->slot, settings, &tables))
		return CORDON_REASON_INTERNAL;
	reason = scene_ends(ctx, scene, &tables, opens, here);
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
	return ask_here(ctx, scene, find_settings(scene->slot), opens, false);
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
		scene_ends(ctx, scene, &tables, true, false);
	return 0;
}

#endif
