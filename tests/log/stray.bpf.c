// SPDX-License-Identifier: GPL-2.0-or-later
/* What none of our programs writes, in a ring of ours. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} enforcement_ring SEC(".maps");

SEC("syscall")
int stray(const void *nothing)
{
	__u64 *words = bpf_ringbuf_reserve(&enforcement_ring, 2 * sizeof(*words), 0);

	(void)nothing;
	if (!words)
		return 1;
	words[0] = words[1] = ~0ULL;
	bpf_ringbuf_submit(words, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
