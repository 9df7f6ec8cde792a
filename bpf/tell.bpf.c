// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command of ours did, told in the ring of enforcement: so it stands in
 * its place among what the kernel tells, and waits there for whoever writes the
 * log.  Run by who holds the program (bpf(2), BPF_PROG_TEST_RUN); what it says of
 * CPU, number, process and time is the kernel's.
 */
#include "ring.h"

/* Words that are the kernel's to say. */
#define HEAD ((int)(sizeof(struct cordon_event) / sizeof(__u64)))

struct told {
	__u64 word[CORDON_EVENT_MAX / 8];
};

SEC("syscall")
int tell(const struct told *told)
{
	const __u64 first = told->word[0];
	const __u16 size = first, type = first >> 16;
	struct told *record;

	if (size < sizeof(struct cordon_event) || size > sizeof(*record) || size % 8 ||
	    CORDON_EVENT_CLASS(type) != CORDON_CLASS_ENFORCEMENT)
		return 1;
	record = event_reserve(&enforcement_ring, type, sizeof(*record),
			       bpf_get_current_pid_tgid() >> 32, bpf_ktime_get_ns());
	if (!record)
		return 2;
	((struct cordon_event *)record)->size = size;
#pragma unroll
	for (int i = HEAD; i < (int)(sizeof(told->word) / sizeof(told->word[0])); i++)
		record->word[i] = told->word[i];
	bpf_ringbuf_submit(record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
