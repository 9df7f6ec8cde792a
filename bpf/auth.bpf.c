// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logins, as the machine's libpam is asked for them: each of its calls on its way
 * in, for its argument, and out, for what came of it.  Which call it is, the link
 * says by its cookie.
 */
#include <asm/ptrace.h>

#include <cordon/uapi/auth.h>

#include "ring.h"
#include "task.h"

#include <bpf/bpf_tracing.h>

/* Handles of calls that have not returned, by thread: PAM's own modules call it again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} pam_handles SEC(".maps");

/* libpam/pam_private.h of Linux-PAM, since 1.1 of 2009. */
struct pam_handle {
	__u64 authtok;
	__u32 caller_is;
	__u32 pad;
	__u64 conversation;
	__u64 oldauthtok;
	__u64 prompt;
	__u64 service;
	__u64 user;
	__u64 remote_host;
	__u64 remote_user;
	__u64 tty;
};

/* One thread may be in one call of each kind. */
static __always_inline __u64 key_of(__u64 call)
{
	return bpf_get_current_pid_tgid() << 3 | call;
}

SEC("uprobe")
int pam_enter(struct pt_regs *registers)
{
	const __u64 key = key_of(bpf_get_attach_cookie(registers));
	const __u64 handle = PT_REGS_PARM1(registers);

	bpf_map_update_elem(&pam_handles, &key, &handle, BPF_ANY);
	return 0;
}

static __always_inline void fill_texts(struct cordon_event_pam *record,
				       const struct pam_handle *handle)
{
	bpf_probe_read_user_str(record->service, sizeof(record->service), (void *)handle->service);
	bpf_probe_read_user_str(record->user, sizeof(record->user), (void *)handle->user);
	bpf_probe_read_user_str(record->remote_host, sizeof(record->remote_host),
				(void *)handle->remote_host);
	bpf_probe_read_user_str(record->remote_user, sizeof(record->remote_user),
				(void *)handle->remote_user);
	bpf_probe_read_user_str(record->tty, sizeof(record->tty), (void *)handle->tty);
}

static __always_inline void fill_process(struct cordon_event_pam *record)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(task, cred);

	bpf_get_current_comm(record->name, sizeof(record->name));
	record->start = BPF_CORE_READ(task, group_leader, start_boottime);
	record->uid = BPF_CORE_READ(cred, uid.val);
	record->euid = BPF_CORE_READ(cred, euid.val);
	record->login_uid = ~0U;
	record->session = ~0U;
	if (bpf_core_field_exists(task->loginuid))
		record->login_uid = BPF_CORE_READ(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		record->session = BPF_CORE_READ(task, sessionid);
}

SEC("uretprobe")
int pam_return(struct pt_regs *registers)
{
	const __u32 call = bpf_get_attach_cookie(registers);
	const __u64 key = key_of(call);
	const __u64 *address = bpf_map_lookup_elem(&pam_handles, &key);
	struct cordon_event_pam *record;
	struct pam_handle handle;

	if (!address)
		return 0;
	if (bpf_probe_read_user(&handle, sizeof(handle), (void *)*address))
		__builtin_memset(&handle, 0, sizeof(handle));
	bpf_map_delete_elem(&pam_handles, &key);
	record = event_reserve(&auth_ring, CORDON_EVENT_PAM, sizeof(*record),
			       bpf_get_current_pid_tgid() >> 32, bpf_ktime_get_ns());
	if (!record)
		return 0;
	__builtin_memset(&record->event + 1, 0, sizeof(*record) - sizeof(record->event));
	record->call = call;
	record->result = (int)PT_REGS_RC(registers);
	fill_process(record);
	fill_texts(record, &handle);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
