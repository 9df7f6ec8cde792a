// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets at the traffic control hooks: tcx from 6.6, clsact before.  The same
 * programs serve both.  There is a pair for interfaces with an Ethernet header
 * and a pair for those without (tun, WireGuard, IPIP ...), since a program
 * cannot ask.  It must not redirect, change or hold a packet.
 */
#define HOOK_IS_SKB true
#include "packet.h"

/* A header chain that is longer is one that the parser gives up on anyway. */
#define HEADERS_MAX 512

static __always_inline enum cordon_reason parse_skb(struct __sk_buff *skb, bool ether,
						    struct packet *packet, struct cursor *cursor)
{
	cursor->at = (const void *)(long)skb->data;
	cursor->end = (const void *)(long)skb->data_end;
	if (ether)
		return parse_ether(cursor, skb->len, packet);
	return parse_network(cursor, from_be16((__u16)skb->protocol), skb->len, packet);
}

static __always_inline void packet_reset(struct __sk_buff *skb, struct packet *packet)
{
	__builtin_memset(packet, 0, sizeof(*packet));
	if (skb->vlan_present)
		packet->vlan[0] = skb->vlan_tci & 0xfff;
}

static __always_inline int judge_skb(struct __sk_buff *skb, bool ether, bool out)
{
	struct scene scene = {
		.ctx = skb,
		.ifindex = skb->ifindex,
		.came_by = out ? skb->ingress_ifindex : 0,
		.packets = skb->gso_segs > 1 ? skb->gso_segs : 1,
		.bytes = skb->len,
		.out = out,
	};
	enum cordon_reason reason;
	struct cursor cursor;

	packet_reset(skb, &scene.packet);
	reason = parse_skb(skb, ether, &scene.packet, &cursor);
	if (unlikely(reason == CORDON_REASON_TRUNCATED || scene.packet.icmp == ICMP_ABOUT_FLOW)) {
		/* Perhaps the headers are not in the linear part. */
		bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX);
		packet_reset(skb, &scene.packet);
		reason = parse_skb(skb, ether, &scene.packet, &cursor);
	}
	return packet_passes(&scene, &cursor, reason) ? TC_VERDICT_PASS : TC_VERDICT_DROP;
}

SEC("tc")
int ingress_ether(struct __sk_buff *skb)
{
	return judge_skb(skb, true, false);
}

SEC("tc")
int egress_ether(struct __sk_buff *skb)
{
	return judge_skb(skb, true, true);
}

SEC("tc")
int ingress_ip(struct __sk_buff *skb)
{
	return judge_skb(skb, false, false);
}

SEC("tc")
int egress_ip(struct __sk_buff *skb)
{
	return judge_skb(skb, false, true);
}

char LICENSE[] SEC("license") = "GPL";
