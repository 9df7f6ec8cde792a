// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets on their way in, at the driver, before the kernel spends anything on
 * them.  For physical ports whose driver has XDP natively.  It must not change
 * or redirect a packet.
 */
#define HOOK_IS_SKB false
#define HOOK_CONTEXT struct xdp_md
#include "again.h"
#include "packet.h"

static __always_inline __u32 frame_size(const struct xdp_md *xdp)
{
	return xdp->data_end - xdp->data;
}

static __always_inline enum cordon_reason parse_xdp(struct xdp_md *xdp, struct packet *packet)
{
	struct cursor cursor = hook_cursor(xdp, 0);

	cursor.plain = true;
	__builtin_memset(packet, 0, sizeof(*packet));
	return parse_ether(&cursor, frame_size(xdp), 0, packet);
}

VERIFIED_APART __u32 parse_xdp_again(struct xdp_md *xdp, struct packet *packet)
{
	struct cursor cursor = hook_cursor(xdp, 0);
	enum cordon_reason reason;

	if (!packet)
		return CORDON_REASON_INTERNAL;
	__builtin_memset(packet, 0, sizeof(*packet));
	reason = parse_link(&cursor, 0, packet);
	return reason ? reason : parse_again(xdp, frame_size(xdp), packet);
}

SEC("xdp")
int xdp_ingress(struct xdp_md *xdp)
{
	struct scene *scene = find_scene();
	__u32 reason;

	if (!scene)
		return XDP_DROP;
	scene->ifindex = xdp->ingress_ifindex;
	scene->came_by = 0;
	scene->packets = 1;
	scene->bytes = frame_size(xdp);
	scene->out = false;
	reason = parse_xdp(xdp, &scene->packet);
	if (unlikely(reason == PARSE_AGAIN))
		reason = parse_xdp_again(xdp, &scene->packet);
	return packet_passes(xdp, scene, reason) ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
