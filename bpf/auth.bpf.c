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

/* Handles of calls that have not returned: PAM's own modules call it again, and a thread may be in
 * one call of each kind. They go with the thread, and nobody's calls take another's place. */
struct pam_handles {
	__u64 handle[CORDON_PAM_CALL_COUNT];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct pam_handles);
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

/* Whoever is not root gets no more than his share, and none of what root does. */
static __always_inline bool may_tell(__u64 now)
{
	struct cordon_loss *loss = event_loss(CORDON_CLASS_AUTH);
	const __u32 user = bpf_get_current_uid_gid();

	if (!loss || !user || event_share_left(loss, now, CORDON_USER_LOGINS_PER_SECOND))
		return loss;
	event_number(loss);
	event_lost(loss);
	return false;
}

static __always_inline void tell(__u32 call, __s32 result, __u64 address)
{
	const __u64 now = bpf_ktime_get_ns();
	struct pam_handle handle;
	struct cordon_event_pam *record;

	if (!may_tell(now))
		return;
	record = event_reserve(&auth_ring, CORDON_EVENT_PAM, sizeof(*record),
			       bpf_get_current_pid_tgid() >> 32, now);
	if (!record)
		return;
	__builtin_memset(&record->event + 1, 0, sizeof(*record) - sizeof(record->event));
	record->call = call;
	record->result = result;
	FILL_PROCESS(record);
	if (!bpf_probe_read_user(&handle, sizeof(handle), (void *)address))
		fill_texts(record, &handle);
	bpf_ringbuf_submit(record, 0);
}

static __always_inline struct pam_handles *current_handles(__u64 flags)
{
	return bpf_task_storage_get(&pam_handles, bpf_get_current_task_btf(), NULL, flags);
}

SEC("uprobe")
int pam_enter(struct pt_regs *registers)
{
	const __u32 call = bpf_get_attach_cookie(registers);
	struct pam_handles *handles = current_handles(BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (handles && call < CORDON_PAM_CALL_COUNT)
		handles->handle[call] = PT_REGS_PARM1(registers);
	if (call == CORDON_PAM_AUTHENTICATE && (__u32)bpf_get_current_uid_gid())
		tell(call, CORDON_PAM_BEGUN, PT_REGS_PARM1(registers));
	return 0;
}

/* Of one that began before we looked only that it ended is known. */
SEC("uretprobe")
int pam_return(struct pt_regs *registers)
{
	const __u32 call = bpf_get_attach_cookie(registers);
	struct pam_handles *handles = current_handles(0);
	__u64 address = 0;

	if (call >= CORDON_PAM_CALL_COUNT)
		return 0;
	if (handles) {
		address = handles->handle[call];
		handles->handle[call] = 0;
	}
	tell(call, (int)PT_REGS_RC(registers), address);
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
