// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets on their way in, at the driver, before the kernel spends anything on
 * them.  For physical ports whose driver has XDP natively.  It must not change
 * or redirect a packet.
 */
#define HOOK_IS_SKB false
#include "packet.h"

SEC("xdp")
int xdp_ingress(struct xdp_md *xdp)
{
	struct cursor cursor = {
		.at = (const void *)(long)xdp->data,
		.end = (const void *)(long)xdp->data_end,
	};
	struct scene scene = {
		.ctx = xdp,
		.ifindex = xdp->ingress_ifindex,
		.packets = 1,
		.bytes = xdp->data_end - xdp->data,
	};
	enum cordon_reason reason;

	reason = parse_ether(&cursor, scene.bytes, &scene.packet);
	return packet_passes(&scene, &cursor, reason) ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
