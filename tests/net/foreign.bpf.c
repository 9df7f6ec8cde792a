// SPDX-License-Identifier: GPL-2.0-or-later
/* Another's programs on an interface of ours: they let everything pass. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int foreign_filter(struct __sk_buff *skb)
{
	return skb->len ? -1 : 0;
}

SEC("xdp")
int foreign_xdp(struct xdp_md *xdp)
{
	return xdp->data_end > xdp->data ? XDP_PASS : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "GPL";
