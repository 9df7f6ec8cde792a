// SPDX-License-Identifier: GPL-2.0-only
/*
 * Logins, as the machine's libpam is asked for them: each of its calls on its way
 * in, for its argument, and out, for what came of it.  Which call it is, the link
 * says by its cookie.  And what programs tell audit by the machine's libaudit, as
 * far as the kernel would take it from them.
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

/**
 * struct late_arguments - a function's seventh argument to its tenth
 *
 * Where they are is the ABI's to say: behind the return address on the stack, or the first two of
 * them in registers.
 */
struct late_arguments {
	__u64 argument[4];
};

static __always_inline struct late_arguments read_late_arguments(struct pt_regs *registers)
{
	struct late_arguments late = { { 0 } };

#if defined(__TARGET_ARCH_arm64)
	late.argument[0] = PT_REGS_PARM7(registers);
	late.argument[1] = PT_REGS_PARM8(registers);
	bpf_probe_read_user(&late.argument[2], 2 * sizeof(__u64), (void *)PT_REGS_SP(registers));
#else
	bpf_probe_read_user(&late, sizeof(late), (void *)(PT_REGS_SP(registers) + sizeof(__u64)));
#endif
	return late;
}

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

/* struct who - the process that asks or tells */
struct who {
	__u64 start;
	__u32 uid, euid, login_uid, session;
};

static __always_inline struct who current_who(void)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(task, cred);
	struct who who = {
		.start = BPF_CORE_READ(task, group_leader, start_boottime),
		.uid = BPF_CORE_READ(cred, uid.val),
		.euid = BPF_CORE_READ(cred, euid.val),
		.login_uid = ~0U,
		.session = ~0U,
	};

	if (bpf_core_field_exists(task->loginuid))
		who.login_uid = BPF_CORE_READ(task, loginuid.val);
	if (bpf_core_field_exists(task->sessionid))
		who.session = BPF_CORE_READ(task, sessionid);
	return who;
}

#define FILL_PROCESS(record)                                                                       \
	do {                                                                                       \
		const struct who who = current_who();                                              \
                                                                                                   \
		bpf_get_current_comm((record)->name, sizeof((record)->name));                      \
		(record)->start = who.start;                                                       \
		(record)->uid = who.uid;                                                           \
		(record)->euid = who.euid;                                                         \
		(record)->login_uid = who.login_uid;                                               \
		(record)->session = who.session;                                                   \
	} while (0)

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
	FILL_PROCESS(record);
	fill_texts(record, &handle);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

/* ---- audit --------------------------------------------------------------------------------- */

#define CAP_AUDIT_WRITE 29

/* The kernel takes such messages from nobody else. */
static __always_inline bool may_tell_audit(void)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	const struct cred *cred = BPF_CORE_READ(task, cred);
	__u64 capabilities = 0;

	bpf_core_read(&capabilities, sizeof(capabilities), &cred->cap_effective);
	return capabilities >> CAP_AUDIT_WRITE & 1 && !BPF_CORE_READ(cred, user_ns, level);
}

static __always_inline bool is_by_pam(const char *operation)
{
	char start[4] = "";

	bpf_probe_read_user(start, sizeof(start), operation);
	return start[0] == 'P' && start[1] == 'A' && start[2] == 'M' && start[3] == ':';
}

/* audit_log_acct_message(fd, type, program, operation, name, id, host, address, tty, result) of
 * libaudit, since 1.0 of 2005. */
static __always_inline void fill_account(struct cordon_event_account *record,
					 struct pt_regs *registers,
					 const struct late_arguments *late)
{
	record->type = PT_REGS_PARM2(registers);
	record->result = (__s32)late->argument[3];
	record->id = PT_REGS_PARM6(registers);
	bpf_probe_read_user_str(record->operation, sizeof(record->operation),
				(void *)PT_REGS_PARM4(registers));
	bpf_probe_read_user_str(record->user, sizeof(record->user),
				(void *)PT_REGS_PARM5(registers));
	bpf_probe_read_user_str(record->remote_host, sizeof(record->remote_host),
				(void *)(late->argument[1] ?: late->argument[0]));
	bpf_probe_read_user_str(record->tty, sizeof(record->tty), (void *)late->argument[2]);
}

SEC("uprobe")
int audit_enter(struct pt_regs *registers)
{
	struct cordon_event_account *record;
	struct late_arguments late;

	if (!may_tell_audit() || is_by_pam((const char *)PT_REGS_PARM4(registers)))
		return 0;
	late = read_late_arguments(registers);
	record = event_reserve(&auth_ring, CORDON_EVENT_ACCOUNT, sizeof(*record),
			       bpf_get_current_pid_tgid() >> 32, bpf_ktime_get_ns());
	if (!record)
		return 0;
	__builtin_memset(&record->event + 1, 0, sizeof(*record) - sizeof(record->event));
	FILL_PROCESS(record);
	fill_account(record, registers, &late);
	bpf_ringbuf_submit(record, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
