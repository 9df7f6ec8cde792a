// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets at the traffic control hooks: tcx from 6.6, clsact before.  The same
 * programs serve both.  There is a pair for interfaces with an Ethernet header
 * and a pair for those without (tun, WireGuard, IPIP ...), since a program
 * cannot ask.  It must not redirect, change or hold a packet.
 */
#define HOOK_IS_SKB true
#define HOOK_CONTEXT struct __sk_buff
#include "again.h"
#include "packet.h"

/* As far as the parser goes, and what an ICMP error there may quote. */
#define HEADERS_MAX (CURSOR_OFFSET_MAX + 1 + 512)

static __always_inline enum cordon_reason
parse_skb_link(struct cursor *cursor, struct __sk_buff *skb, bool ether, struct packet *packet)
{
	__builtin_memset(packet, 0, sizeof(*packet));
	if (unlikely(skb->vlan_present))
		packet_add_vlan(packet, skb->vlan_tci);
	if (ether)
		return parse_link(cursor, !!skb->vlan_present, packet);
	packet->ethertype = from_be16((__u16)skb->protocol);
	return CORDON_REASON_NONE;
}

static __always_inline enum cordon_reason parse_skb(struct __sk_buff *skb, bool ether,
						    struct packet *packet)
{
	struct cursor cursor = hook_cursor(skb, 0);
	enum cordon_reason reason;

	cursor.plain = true;
	reason = parse_skb_link(&cursor, skb, ether, packet);
	if (!reason)
		reason = parse_network(&cursor, skb->len, packet);
	return reason ? reason : parse_inside(&cursor, packet);
}

/* Not plain, or its headers may not be in the linear part, into which they are pulled. */
VERIFIED_APART __u32 parse_skb_again(struct __sk_buff *skb, __u32 ether, struct packet *packet)
{
	enum cordon_reason reason;
	struct cursor cursor;

	if (!packet)
		return CORDON_REASON_INTERNAL;
	bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX);
	cursor = hook_cursor(skb, 0);
	reason = parse_skb_link(&cursor, skb, ether, packet);
	return reason ? reason : parse_again(skb, skb->len, packet);
}

static __always_inline int judge_skb(struct __sk_buff *skb, bool ether, bool out)
{
	struct scene *scene = find_scene();
	__u32 reason;

	if (!scene)
		return TC_VERDICT_DROP;
	reason = parse_skb(skb, ether, &scene->packet);
	if (unlikely(reason == PARSE_AGAIN || reason == CORDON_REASON_TRUNCATED))
		reason = parse_skb_again(skb, ether, &scene->packet);
	scene->ifindex = skb->ifindex;
	scene->came_by = out ? skb->ingress_ifindex : 0;
	scene->packets = skb->gso_segs > 1 ? skb->gso_segs : 1;
	scene->bytes = skb->len;
	scene->out = out;
	return packet_passes(skb, scene, reason) ? TC_VERDICT_PASS : TC_VERDICT_DROP;
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
