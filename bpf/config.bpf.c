// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is changed in the kernel: its parameters, its modules.  It allows whatever
 * is done: a parameter is written also if there is no room to tell it.
 */
#include <cordon/uapi/config.h>

#include "ring.h"
#include "task.h"

/* What a program of BPF_CGROUP_SYSCTL returns for yes. */
#define ALLOWED 1

/* include/linux/module.h; a kernel without modules has no such struct. */
struct module {
	char name[56];
	unsigned long taints;
} __attribute__((preserve_access_index));

static __always_inline void doer_fill(struct cordon_doer *doer)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(task, cred);

	bpf_get_current_comm(doer->name, sizeof(doer->name));
	doer->start = BPF_CORE_READ(task, group_leader, start_boottime);
	doer->uid = BPF_CORE_READ(cred, uid.val);
	doer->euid = BPF_CORE_READ(cred, euid.val);
	doer->login_uid = ~0U;
	doer->session = ~0U;
	if (bpf_core_field_exists(task->loginuid))
		doer->login_uid = BPF_CORE_READ(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		doer->session = BPF_CORE_READ(task, sessionid);
}

static __always_inline void *reserve(__u16 type, __u32 size)
{
	return event_reserve(&config_ring, type, size, bpf_get_current_pid_tgid() >> 32,
			     bpf_ktime_get_ns());
}

static __always_inline __u16 cut_if(long size, __u16 flag)
{
	return size == -7 /* E2BIG */ ? flag : 0;
}

SEC("cgroup/sysctl")
int config_parameter(struct bpf_sysctl *ctx)
{
	struct cordon_event_parameter *record;
	__u16 flags;

	if (!ctx->write)
		return ALLOWED;
	record = reserve(CORDON_EVENT_PARAMETER, sizeof(*record));
	if (!record)
		return ALLOWED;
	__builtin_memset(&record->event + 1, 0, sizeof(*record) - sizeof(record->event));
	doer_fill(&record->doer);
	flags = cut_if(bpf_sysctl_get_name(ctx, record->name, sizeof(record->name), 0),
		       CORDON_PARAMETER_NAME_CUT);
	flags |= cut_if(bpf_sysctl_get_current_value(ctx, record->before, sizeof(record->before)),
			CORDON_PARAMETER_BEFORE_CUT);
	flags |= cut_if(bpf_sysctl_get_new_value(ctx, record->after, sizeof(record->after)),
			CORDON_PARAMETER_AFTER_CUT);
	record->event.flags = flags;
	bpf_ringbuf_submit(record, 0);
	return ALLOWED;
}

static __always_inline int tell_module(const struct module *module, __u32 unloaded)
{
	struct cordon_event_module *record;

	if (!bpf_core_field_exists(module->taints))
		return 0;
	record = reserve(CORDON_EVENT_MODULE, sizeof(*record));
	if (!record)
		return 0;
	__builtin_memset(&record->event + 1, 0, sizeof(*record) - sizeof(record->event));
	doer_fill(&record->doer);
	record->taints = BPF_CORE_READ(module, taints);
	record->unloaded = unloaded;
	bpf_core_read_str(record->name, sizeof(record->name), &module->name);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

/* Raw: they can be loaded where there are no modules, and so no such tracepoints. */
SEC("raw_tp/module_load")
int config_module_load(struct bpf_raw_tracepoint_args *ctx)
{
	return tell_module((const struct module *)ctx->args[0], 0);
}

SEC("raw_tp/module_free")
int config_module_free(struct bpf_raw_tracepoint_args *ctx)
{
	return tell_module((const struct module *)ctx->args[0], 1);
}

char LICENSE[] SEC("license") = "GPL";
