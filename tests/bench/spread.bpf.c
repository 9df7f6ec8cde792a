// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gives a packet other addresses each time it is run, then hands it to the
 * program that is measured: a test run repeats the same bytes, and a single hot
 * key flatters everything.  `bare` is the measure of what that costs by itself.
 * The send program does the same to live frames and sends them.  It knows
 * nothing of policies.
 */
#include <stddef.h>
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "spread.h"

/* TCP and UDP start alike. */
struct ports {
	__be16 source;
	__be16 destination;
};

struct frame {
	struct ethhdr ether;
	struct iphdr ip;
	struct ports ports;
} __attribute__((packed));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SPREAD_SAMPLES);
	__type(key, __u32);
	__type(value, struct spread_sample);
} samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct spread_state);
} state SEC(".maps");

/* One for each type of program: a map of programs takes one type only. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next_xdp SEC(".maps"), next_tc SEC(".maps");

static __always_inline __u32 next_random(struct spread_state *held)
{
	__u64 x = held->random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	held->random = x;
	return x >> 32;
}

/*
 * This packet's ends were fetched while the last one was in the works: waiting
 * for them is not the measured program's business, which real packets come to
 * with warm headers.
 */
static __always_inline bool spread(void *data, void *end)
{
	struct frame *frame = data;
	const struct spread_sample *sample;
	struct spread_state *held;
	__u32 zero = 0, random, index;

	held = bpf_map_lookup_elem(&state, &zero);
	if (!held || data + sizeof(*frame) > end)
		return false;
	random = next_random(held);
	index = (held->in_order ? held->turn++ : random) % SPREAD_SAMPLES;
	frame->ip.saddr = held->next.source;
	frame->ip.daddr = held->next.destination;
	frame->ports.source = held->fresh_ports ? (__be16)(random >> 16) : held->next.source_port;
	frame->ports.destination = held->next.destination_port;
	sample = bpf_map_lookup_elem(&samples, &index);
	if (!sample)
		return false;
	held->next = *sample;
	return true;
}

SEC("xdp")
int spread_xdp(struct xdp_md *xdp)
{
	if (spread((void *)(long)xdp->data, (void *)(long)xdp->data_end))
		bpf_tail_call(xdp, &next_xdp, 0);
	return XDP_ABORTED;
}

SEC("tc")
int spread_tc(struct __sk_buff *skb)
{
	if (spread((void *)(long)skb->data, (void *)(long)skb->data_end))
		bpf_tail_call(skb, &next_tc, 0);
	return 2; /* TC_ACT_SHOT */
}

SEC("xdp")
int bare_xdp(struct xdp_md *xdp __attribute__((unused)))
{
	return XDP_DROP;
}

SEC("tc")
int bare_tc(struct __sk_buff *skb __attribute__((unused)))
{
	return 2; /* TC_ACT_SHOT */
}

/* The same, of the type that tcx takes. */
SEC("tcx/ingress")
int bare_tcx(struct __sk_buff *skb __attribute__((unused)))
{
	return 2; /* TC_ACT_SHOT */
}

/* The stack looks at the checksum of the IPv4 header; UDP goes without. */
static __always_inline void set_checksum(void *header)
{
	struct iphdr *ip = header;
	const __u16 *word = header;
	__u32 sum = 0;

	ip->check = 0;
	for (unsigned int i = 0; i < sizeof(*ip) / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~sum;
}

/* A frame that was forwarded comes back for use as the node left it. */
static __always_inline void renew(struct frame *frame)
{
	const struct spread_state *held;
	__u32 zero = 0;

	held = bpf_map_lookup_elem(&state, &zero);
	if (!held)
		return;
	__builtin_memcpy(frame->ether.h_dest, held->mac, sizeof(frame->ether.h_dest));
	frame->ip.ttl = 64;
	set_checksum((char *)frame + sizeof(frame->ether));
}

SEC("xdp")
int send_xdp(struct xdp_md *xdp)
{
	struct frame *frame = (void *)(long)xdp->data;

	if (!spread(frame, (void *)(long)xdp->data_end) ||
	    (void *)(frame + 1) > (void *)(long)xdp->data_end)
		return XDP_ABORTED;
	renew(frame);
	return XDP_TX;
}

char LICENSE[] SEC("license") = "GPL";
