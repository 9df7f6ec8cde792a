// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A filter on the way out that lets through what Elastic Defend's host isolation for Linux is
 * published to let through (github.com/elastic/ebpf, GPL/HostIsolation/TcFilter): written anew
 * after that behaviour, for the attacks to be tried on it. ARP passes. Everything else but whole
 * IPv4 without options is dropped. TCP and ICMP pass to addresses of the map; UDP passes to anybody
 * if either port is 53, or between ports 67 and 68. It must not be used to protect anything.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u32);
} allowed SEC(".maps");

static bool udp_passes(const struct udphdr *udp)
{
	const __u16 from = bpf_ntohs(udp->source), to = bpf_ntohs(udp->dest);

	if (from == 53 || to == 53)
		return true;
	return (from == 67 && to == 68) || (from == 68 && to == 67);
}

static bool ipv4_passes(const struct iphdr *ip, const void *end)
{
	const struct udphdr *udp = (const void *)(ip + 1);
	__u32 to;

	if ((const void *)(ip + 1) > end || ip->version != 4 || ip->ihl != 5)
		return false;
	if (ip->frag_off & bpf_htons(0x3fff))
		return false;
	if (ip->protocol == IPPROTO_UDP)
		return (const void *)(udp + 1) <= end && udp_passes(udp);
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_ICMP)
		return false;
	to = ip->daddr;
	return bpf_map_lookup_elem(&allowed, &to) != NULL;
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	const void *end = (void *)(long)skb->data_end;
	const struct ethhdr *ether = (void *)(long)skb->data;

	if ((const void *)(ether + 1) > end)
		return TC_ACT_SHOT;
	if (ether->h_proto == bpf_htons(ETH_P_ARP))
		return TC_ACT_UNSPEC;
	if (ether->h_proto != bpf_htons(ETH_P_IP))
		return TC_ACT_SHOT;
	return ipv4_passes((const void *)(ether + 1), end) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

char LICENSE[] SEC("license") = "GPL";
