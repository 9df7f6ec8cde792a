// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stamps what arrives at a socket, behind every hook that could have dropped it,
 * and lets none of it wait in the socket's queue.  It judges nothing.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#include "contain.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct contain_arrival);
} arrivals SEC(".maps");

SEC("socket")
int stamp(struct __sk_buff *ctx)
{
	struct contain_arrival *arrival;
	__u32 zero = 0;

	(void)ctx;
	arrival = bpf_map_lookup_elem(&arrivals, &zero);
	if (arrival) {
		arrival->time = bpf_ktime_get_ns();
		arrival->packets++;
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
