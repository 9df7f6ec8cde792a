// SPDX-License-Identifier: GPL-2.0-or-later
/* A root's own program, and one to be put in place of it, or of another of its kind. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("tc")
int stub(struct __sk_buff *skb)
{
	return skb->len ? -1 : 0;
}

SEC("freplace/stub")
int pass_all(struct __sk_buff *skb)
{
	return skb->len ? 0 /* TC_ACT_OK */ : -1;
}

char LICENSE[] SEC("license") = "GPL";
