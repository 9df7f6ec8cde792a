/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How it is told that others tried what is refused: by the guard, and at lockdown.
 * Nothing here decides or counts refusals.
 */
#ifndef CORDON_BPF_TRIED_H
#define CORDON_BPF_TRIED_H

#include <cordon/uapi/guard.h>

#include "ring.h"
#include "task.h"

/* Of one process and act at most one record in this time. */
#define TRIED_QUIET_NS 1000000000ULL
/* And of all of them on one CPU in a second. */
#define TRIED_RECORDS_PER_SECOND 16

struct guard_trial {
	__u32 pid;
	__u32 act;
};

struct guard_told {
	__u64 until;
	__u64 folded;
};

/* Full: who was refused longest ago is told at once again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct guard_trial);
	__type(value, struct guard_told);
} guard_told SEC(".maps");

/** struct tried - what somebody tried; see struct cordon_event_tried */
struct tried {
	__u64 number;
	__u16 act;
	__u16 object;
	__u32 detail;
	__u64 latch;
	char name[CORDON_GUARD_NAME];
};

/* Return: whether it is to be told now; @ret_folded: what was not */
static __always_inline bool tried_is_news(__u32 pid, __u32 act, __u64 now, __u64 *ret_folded)
{
	const struct guard_trial trial = { pid, act };
	struct guard_told first = { now + TRIED_QUIET_NS, 0 };
	struct guard_told *told = bpf_map_lookup_elem(&guard_told, &trial);

	*ret_folded = 0;
	if (!told) {
		bpf_map_update_elem(&guard_told, &trial, &first, BPF_ANY);
		return true;
	}
	if (now < told->until) {
		__sync_fetch_and_add(&told->folded, 1);
		return false;
	}
	*ret_folded = told->folded;
	bpf_map_update_elem(&guard_told, &trial, &first, BPF_ANY);
	return true;
}

static __always_inline void tried_fill(struct cordon_event_tried *record, const struct tried *tried)
{
	const struct task_struct *task = bpf_get_current_task_btf();

	record->start = BPF_CORE_READ(task, group_leader, start_boottime);
	record->cgroup = bpf_get_current_cgroup_id();
	record->number = tried->number;
	record->act = tried->act;
	record->object = tried->object;
	record->detail = tried->detail;
	record->uid = (__u32)bpf_get_current_uid_gid();
	record->latch = tried->latch;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	__builtin_memcpy(record->name, tried->name, sizeof(record->name));
}

/** tried_tell() - Return: nothing of use */
VERIFIED_APART __u32 tried_tell(const struct tried *tried)
{
	struct cordon_loss *loss = event_loss(CORDON_CLASS_TAMPER);
	const __u32 pid = bpf_get_current_pid_tgid() >> 32;
	const __u64 now = bpf_ktime_get_ns();
	struct cordon_event_tried *record;
	__u64 folded;

	if (!tried || !loss || !tried_is_news(pid, tried->act, now, &folded) ||
	    !event_share_left(loss, now, TRIED_RECORDS_PER_SECOND))
		return 0;
	record = event_reserve(&tamper_ring, CORDON_EVENT_TRIED, sizeof(*record), pid, now);
	if (!record)
		return 0;
	tried_fill(record, tried);
	record->folded = folded;
	bpf_ringbuf_submit(record, 0);
	return 0;
}

#endif
