/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process asks to connect, to send or for a port: may it?  A call is refused
 * only where the packet hooks would refuse its packets for certain; what
 * depends on the interface is left to them, and so is every protocol but TCP
 * and UDP.  So these hooks deny early, never alone: a hole in them lets
 * nothing out.
 */
#ifndef CORDON_BPF_CALL_H
#define CORDON_BPF_CALL_H

#include "core.h"
#include "emit.h"
#include "maps.h"
#include "parse.h"
#include "state.h"
#include "verdict.h"

#define CALL_ALLOWED 1
#define CALL_REFUSED 0 /* the caller sees EPERM */

/**
 * struct call - what is asked
 * @packet: its ends stand for those of the packets that would follow; the
 *	end on this machine is all zero
 */
struct call {
	struct packet packet;
	struct cordon_denial_key key;
	__u32 slot;
};

static __always_inline void owner_fill(struct cordon_owner *owner)
{
	owner->cgroup = bpf_get_current_cgroup_id();
	owner->pid = bpf_get_current_pid_tgid() >> 32;
	owner->uid = (__u32)bpf_get_current_uid_gid();
	bpf_get_current_comm(owner->comm, sizeof(owner->comm));
}

static __always_inline void call_address(const struct bpf_sock_addr *ctx, bool ipv6,
					 struct cordon_address *ret_address)
{
	__u32 word[4];

	if (!ipv6) {
		address_set_ipv4(ret_address, ctx->user_ip4);
		return;
	}
	word[0] = ctx->user_ip6[0];
	word[1] = ctx->user_ip6[1];
	word[2] = ctx->user_ip6[2];
	word[3] = ctx->user_ip6[3];
	__builtin_memcpy(__builtin_assume_aligned(ret_address, 8), word, sizeof(word));
}

/* false: nothing that these hooks judge */
static __always_inline bool call_enter(struct bpf_sock_addr *ctx, bool ipv6, struct call *call)
{
	const struct cordon_control *held = find_control();

	if (!held || (ctx->protocol != PROTOCOL_TCP && ctx->protocol != PROTOCOL_UDP))
		return false;
	call->key.generation = control_generation(held);
	call->key.latch = control_latch(held, bpf_ktime_get_coarse_ns());
	call->slot = generation_slot(call->key.generation, call->key.latch);
	call->key.protocol = ctx->protocol;
	call->key.cgroup = bpf_get_current_cgroup_id();
	call->packet.protocol = ctx->protocol;
	call->packet.service = from_be16((__u16)ctx->user_port);
	call_address(ctx, ipv6, &call->packet.destination);
	call->packet.destination_port = call->packet.service;
	call->key.service = call->packet.service;
	return true;
}

/* A process in another network namespace, a container say, does not send from
 * here: its packets come in by an interface. */
static __always_inline bool from_elsewhere(struct bpf_sock_addr *ctx,
					   const struct cordon_settings *settings)
{
	return settings->netns && bpf_get_netns_cookie(ctx) != settings->netns;
}

static __always_inline __u32 caller_identity(const struct call *call,
					     const struct cordon_settings *settings)
{
	if (!(settings->flags & CORDON_SETTINGS_WORKLOADS))
		return CORDON_IDENTITY_NODE;
	return cgroup_identity(call->key.generation, call->key.cgroup);
}

static __always_inline int call_refuse(struct call *call, const struct cordon_settings *settings,
				       enum cordon_reason reason)
{
	struct cordon_owner owner = {};
	struct denial denial = {};

	call->key.audit = verdict_audits(settings, call->key.latch);
	if (settings->flags & CORDON_SETTINGS_QUIET) {
		count_call_reason(reason);
		return call->key.audit ? CALL_ALLOWED : CALL_REFUSED;
	}
	owner_fill(&owner);
	call->key.reason = reason;
	denial.key = &call->key;
	denial.packet = &call->packet;
	denial.owner = &owner;
	denial.packets = 1;
	denial.time = bpf_ktime_get_coarse_ns();
	denial_call(&denial);
	return call->key.audit ? CALL_ALLOWED : CALL_REFUSED;
}

/* Stays on this machine, or on a link whose zone only the packet hooks know. */
static __always_inline bool left_to_packets(const struct call *call,
					    const struct cordon_settings *settings, __u32 zone)
{
	const struct cordon_address *address = &call->packet.destination;

	if (!call->packet.service || address_is_loopback(address) ||
	    address_is_link_scoped(address))
		return true;
	if (is_own_address(address))
		return true;
	return zone == CORDON_IDENTITY_STRANGER && (settings->flags & CORDON_SETTINGS_TIED);
}

/* A UDP server that answers whom a rule let in: its flow, only the packet hooks know. */
static __always_inline bool may_answer(const struct bpf_sock_addr *ctx, const struct tables *tables,
				       __u32 zone)
{
	const struct bpf_sock *socket = ctx->sk;

	return ctx->protocol == PROTOCOL_UDP && socket &&
	       verdict_rule(tables, zone, CORDON_IDENTITY_NODE, PROTOCOL_UDP,
			    (__u16)socket->src_port);
}

/* Under a latch nothing leaves, and a program had better know at once. */
static __always_inline int without_policy(const struct call *call)
{
	const struct cordon_address *address = &call->packet.destination;

	if (!call->key.latch || address_is_loopback(address) || address_is_link_scoped(address) ||
	    is_own_address(address))
		return CALL_ALLOWED;
	count_call_reason(CORDON_REASON_NO_POLICY);
	return CALL_REFUSED;
}

static __always_inline int call_may_reach(struct bpf_sock_addr *ctx, bool ipv6)
{
	struct call call = {};
	struct tables tables;
	__u32 from, zone;

	if (!call_enter(ctx, ipv6, &call))
		return CALL_ALLOWED;
	if (!tables_in_slot(call.slot, find_settings(call.slot), &tables))
		return without_policy(&call);
	if (from_elsewhere(ctx, tables.settings))
		return CALL_ALLOWED;
	zone = zone_in_slot(call.slot, tables.settings, &call.packet.destination);
	from = caller_identity(&call, tables.settings);
	if (zone == PREFIX_BROKEN ||
	    verdict_rule(&tables, from, zone, call.packet.protocol, call.packet.service))
		return CALL_ALLOWED;
	if (left_to_packets(&call, tables.settings, zone) || may_answer(ctx, &tables, zone))
		return CALL_ALLOWED;
	call.key.direction = CORDON_DIRECTION_CONNECT;
	call.key.from = from;
	call.key.to = zone;
	return call_refuse(&call, tables.settings,
			   call.key.latch ? CORDON_REASON_LATCH : CORDON_REASON_NO_RULE);
}

/* The cell from a local identity to the node holds what is reserved for others. */
static __always_inline int call_may_bind(struct bpf_sock_addr *ctx, bool ipv6)
{
	struct call call = {};
	struct tables tables;
	__u32 from;

	if (!call_enter(ctx, ipv6, &call) ||
	    !tables_in_slot(call.slot, find_settings(call.slot), &tables) ||
	    from_elsewhere(ctx, tables.settings))
		return CALL_ALLOWED;
	if (!(tables.settings->flags & CORDON_SETTINGS_RESERVED) || !call.packet.service ||
	    address_is_loopback(&call.packet.destination))
		return CALL_ALLOWED;
	from = caller_identity(&call, tables.settings);
	if (!verdict_rule(&tables, from, CORDON_IDENTITY_NODE, call.packet.protocol,
			  call.packet.service))
		return CALL_ALLOWED;
	call.key.direction = CORDON_DIRECTION_BIND;
	call.key.from = from;
	call.key.to = CORDON_IDENTITY_NODE;
	return call_refuse(&call, tables.settings, CORDON_REASON_RESERVED_PORT);
}

#endif
