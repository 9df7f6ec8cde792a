// SPDX-License-Identifier: GPL-2.0-or-later
/* A root's own programs, to be put ahead of others: one lets all pass, one sends all elsewhere. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

const volatile __u32 target;

SEC("tc")
int pass_all(struct __sk_buff *skb)
{
	return skb->len ? 0 /* TCX_PASS, TC_ACT_OK: asks nobody else */ : -1;
}

SEC("xdp")
int send_all(struct xdp_md *xdp)
{
	return target && xdp->data_end > xdp->data ? (int)bpf_redirect(target, 0) : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
