/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard of the helper's processes, the daemon first of all: nobody else may end,
 * stop, trace or starve them.  What they enforce goes on without them, but nobody
 * would write down what happens.
 *
 * While the node is open, who started one may ask it to end or to read its policy
 * again, so that services are managed as ever; under a latch nobody may.
 */
#ifndef CORDON_BPF_GUARD_PROCESS_H
#define CORDON_BPF_GUARD_PROCESS_H

#include "guard.h"

#define TRACE_READ 1 /* PTRACE_MODE_READ */

#define SIGNAL_HANGUP 1
#define SIGNAL_INTERRUPT 2
#define SIGNAL_TERMINATE 15
#define SIGNAL_CONTINUE 18

static __always_inline int refuse_process(__u16 act, const struct task_struct *task, __u32 detail)
{
	struct tried tried = guard_try(act, CORDON_GUARD_OBJECT_PROCESS, task->tgid);

	tried.detail = detail;
	guard_tell(&tried);
	return -EPERM;
}

/* Of another's doing to one of ours. */
static __always_inline bool is_ours_to_others(struct task_struct *task)
{
	return guard_stands() && guard_is_ours(task) && !guard_is_us();
}

static __always_inline bool may_be_asked(const struct task_struct *task, __u32 signal)
{
	const struct task_struct *current = bpf_get_current_task_btf();

	if (signal != SIGNAL_HANGUP && signal != SIGNAL_INTERRUPT && signal != SIGNAL_TERMINATE &&
	    signal != SIGNAL_CONTINUE)
		return false;
	return !guard_latched() &&
	       BPF_CORE_READ(task, group_leader, real_parent, tgid) == current->tgid;
}

/* One that a probe has made another obeys no order, and nobody obeys it: who manages services may
 * start the next. What it has in its memory is still nobody else's: not by a signal that dumps it. */
static __always_inline bool may_be_ended(struct task_struct *task, __u32 signal)
{
	const struct cordon_guard_task *value = guard_task(task);
	const struct cordon_guard *guard = guard_find();

	if (signal != SIGNAL_KILL && signal != SIGNAL_TERMINATE)
		return false;
	return value && guard && value->probes != guard->probes;
}

/* Arguments: to whom, what the kernel tells of it, the signal, on whose behalf. */
SEC("lsm/task_kill")
int guard_kill(__u64 *arguments)
{
	struct task_struct *task = (void *)arguments[0];
	const __u32 signal = arguments[2];

	if (!signal || !is_ours_to_others(task) || may_be_asked(task, signal) ||
	    may_be_ended(task, signal))
		return 0;
	return refuse_process(CORDON_GUARD_ACT_SIGNAL, task, signal);
}

/* The owner of a descriptor (F_SETOWN) gets a signal of anybody's choice. */
SEC("lsm/file_send_sigiotask")
int guard_sigio(__u64 *arguments)
{
	struct task_struct *task = (void *)arguments[0];

	if (!guard_stands() || !guard_is_ours(task))
		return 0;
	return refuse_process(CORDON_GUARD_ACT_SIGNAL, task, arguments[2]);
}

/* Also /proc/PID/mem, process_vm_readv(2) and pidfd_getfd(2).  What /proc says of a process may be
 * read. */
SEC("lsm/ptrace_access_check")
int guard_trace(__u64 *arguments)
{
	struct task_struct *task = (void *)arguments[0];

	if (arguments[1] & TRACE_READ || !is_ours_to_others(task))
		return 0;
	return refuse_process(CORDON_GUARD_ACT_TRACE, task, 0);
}

SEC("lsm/task_setnice")
int guard_setnice(__u64 *arguments)
{
	struct task_struct *task = (void *)arguments[0];

	return is_ours_to_others(task) ? refuse_process(CORDON_GUARD_ACT_SCHEDULE, task, 0) : 0;
}

SEC("lsm/task_setioprio")
int guard_setioprio(__u64 *arguments)
{
	struct task_struct *task = (void *)arguments[0];

	return is_ours_to_others(task) ? refuse_process(CORDON_GUARD_ACT_SCHEDULE, task, 0) : 0;
}

SEC("lsm/task_setscheduler")
int guard_setscheduler(__u64 *arguments)
{
	struct task_struct *task = (void *)arguments[0];

	return is_ours_to_others(task) ? refuse_process(CORDON_GUARD_ACT_SCHEDULE, task, 0) : 0;
}

/* No hook refuses that one of ours is moved: from then on it is guarded where it is. Arguments: to
 * which control group, its path, who, whether all of its threads. */
SEC("tp_btf/cgroup_attach_task")
int guard_moved(__u64 *arguments)
{
	const struct cgroup *cgroup = (const void *)arguments[0];
	struct task_struct *task = (void *)arguments[2];
	const __u32 one = 1;

	if (!guard_stands() || !guard_is_ours(task))
		return 0;
	for (int i = 0; i < CORDON_GUARD_CGROUPS; i++) {
		const struct cgroup_subsys_state *above = BPF_CORE_READ(cgroup, self.parent);
		const __u64 id = BPF_CORE_READ(cgroup, kn, id);

		if (!above)
			break;
		bpf_map_update_elem(&guard_cgroups, &id, &one, BPF_ANY);
		cgroup = BPF_CORE_READ(above, cgroup);
	}
	return 0;
}

/* Arguments: whose, which limit, the new one. */
SEC("lsm/task_setrlimit")
int guard_setrlimit(__u64 *arguments)
{
	struct task_struct *task = (void *)arguments[0];

	return is_ours_to_others(task) ?
		       refuse_process(CORDON_GUARD_ACT_LIMIT, task, arguments[1]) :
		       0;
}

#endif
