// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets on their way in, at the driver, before the kernel spends anything on
 * them.  For physical ports whose driver has XDP natively.  It must not change
 * or redirect a packet.
 */
#define HOOK_IS_SKB false
#define HOOK_CONTEXT struct xdp_md
#include "packet.h"

static __always_inline enum cordon_reason parse_xdp(struct xdp_md *xdp, bool plain,
						    struct packet *packet)
{
	struct cursor cursor = cursor_at((void *)(long)xdp->data, (void *)(long)xdp->data_end, 0);

	cursor.plain = plain;
	__builtin_memset(packet, 0, sizeof(*packet));
	return parse_ether(&cursor, xdp->data_end - xdp->data, 0, packet);
}

VERIFIED_APART __u32 parse_xdp_again(struct xdp_md *xdp, struct packet *packet)
{
	return packet ? parse_xdp(xdp, false, packet) : CORDON_REASON_INTERNAL;
}

VERIFIED_APART __u32 parse_hook_quoted(struct xdp_md *xdp, __u32 offset, __u32 ethertype,
				       struct packet *quoted)
{
	struct cursor cursor =
		cursor_at((void *)(long)xdp->data, (void *)(long)xdp->data_end, offset);

	if (!quoted)
		return CORDON_REASON_INTERNAL;
	return parse_quoted(&cursor, ethertype, quoted);
}

SEC("xdp")
int xdp_ingress(struct xdp_md *xdp)
{
	struct scene *scene = find_scene();
	__u32 reason;

	if (!scene)
		return XDP_DROP;
	reason = parse_xdp(xdp, true, &scene->packet);
	if (unlikely(reason == PARSE_AGAIN))
		reason = parse_xdp_again(xdp, &scene->packet);
	scene->ifindex = xdp->ingress_ifindex;
	scene->came_by = 0;
	scene->packets = 1;
	scene->bytes = xdp->data_end - xdp->data;
	scene->out = false;
	return packet_passes(xdp, scene, reason) ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
