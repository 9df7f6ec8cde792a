// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a command of ours did, told in the ring of enforcement: so it stands in
 * its place among what the kernel tells, and waits there for whoever writes the
 * log.  Run by who holds the program (bpf(2), BPF_PROG_TEST_RUN); what it says of
 * CPU, number, process and time is the kernel's.
 */
#include "ring.h"

struct told {
	__u64 word[CORDON_EVENT_MAX / 8];
};

SEC("syscall")
int tell(const struct told *told)
{
	struct cordon_loss *loss = event_loss(CORDON_CLASS_ENFORCEMENT);
	const __u64 first = told->word[0];
	const __u16 size = first, type = first >> 16;
	struct told *record;
	__u32 number;

	if (!loss || size < sizeof(struct cordon_event) || size > sizeof(*record) || size % 8 ||
	    CORDON_EVENT_CLASS(type) != CORDON_CLASS_ENFORCEMENT)
		return 1;
	number = event_number(loss);
	record = bpf_ringbuf_reserve(&enforcement_ring, sizeof(*record), 0);
	if (!record) {
		event_lost(loss);
		return 2;
	}
#pragma unroll
	for (int i = 0; i < (int)(sizeof(told->word) / sizeof(told->word[0])); i++)
		record->word[i] = told->word[i];
	*(struct cordon_event *)record = event_head(
		type, size, number, bpf_get_current_pid_tgid() >> 32, bpf_ktime_get_ns());
	bpf_ringbuf_submit(record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
