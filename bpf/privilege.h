/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Processes whose privileges grew otherwise than by starting a program, and login
 * sessions that begin.
 *
 * A process's program file was opened with the credentials that it had just before
 * it started the program, and keeps them (file.f_cred). What it has beyond them it
 * got at the start, from a set-user-ID program or one with file capabilities, or
 * behind it, which no system call gives to whom those do not permit it: then a hole
 * in the kernel did. So nothing has to be remembered but programs that gave more
 * at their start, and who was told of; nobody who is as he was costs more than a
 * few reads.
 */
#ifndef CORDON_BPF_PRIVILEGE_H
#define CORDON_BPF_PRIVILEGE_H

#include <cordon/uapi/auth.h>

#include "ring.h"
#include "task.h"

#define GRANTS_MAX 1024
#define GAINERS_MAX 1024
#define SESSIONS_MAX 256

/* A program file as it was opened for a process, which shares it with those it makes. */
struct grant {
	__u64 file;
	__u64 inode;
	__u64 cred;
};

/* Full: the one that was asked for longest ago is forgotten, and told of as a gain. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GRANTS_MAX);
	__type(key, struct grant);
	__type(value, __u8);
} privilege_grants SEC(".maps");

struct gainer {
	__u64 start;
	__u64 pid;
};

/* Full: the one that was told longest ago may be told again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, GAINERS_MAX);
	__type(key, struct gainer);
	__type(value, __u8);
} privilege_told SEC(".maps");

/* Likewise. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, SESSIONS_MAX);
	__type(key, __u32);
	__type(value, __u8);
} sessions_told SEC(".maps");

/* Two words before 6.3, which a helper reads; from then on one, which costs nothing to read. */
static __always_inline __u64 cred_effective(const struct cred *cred)
{
	__u64 capabilities = 0;

	if (bpf_core_field_exists(cred->cap_effective.val))
		return cred->cap_effective.val;
	bpf_core_read(&capabilities, sizeof(capabilities), &cred->cap_effective);
	return capabilities;
}

static __always_inline __u64 cred_permitted(const struct cred *cred)
{
	__u64 capabilities = 0;

	if (bpf_core_field_exists(cred->cap_permitted.val))
		return cred->cap_permitted.val;
	bpf_core_read(&capabilities, sizeof(capabilities), &cred->cap_permitted);
	return capabilities;
}

/* Has @now what @former did not permit? Of a user namespace of one's own one may have all. */
static __always_inline bool has_more(const struct cred *now, const struct cred *former)
{
	if (now->user_ns != former->user_ns)
		return now->user_ns->level < former->user_ns->level;
	if (!now->euid.val && former->uid.val && former->euid.val && former->suid.val)
		return true;
	return cred_effective(now) & ~cred_permitted(former);
}

/* NULL: a thread of the kernel, or one that is ending */
static __always_inline const struct file *program_of(const struct task_struct *task)
{
	const struct mm_struct *mm = task->mm;

	return mm ? mm->exe_file : NULL;
}

static __always_inline struct grant grant_of(const struct file *program)
{
	const struct grant grant = {
		.file = (__u64)program,
		.inode = (__u64)program->f_inode,
		.cred = (__u64)program->f_cred,
	};

	return grant;
}

/** privilege_start() - a process has just started its program */
static __always_inline void privilege_start(const struct task_struct *task,
					    const struct linux_binprm *start)
{
	const struct file *program;
	struct grant grant;
	const __u8 one = 1;

	/* PER_CLEAR_ON_SETID: a set-user-ID program, or file capabilities that gave some */
	if (!start->per_clear)
		return;
	program = program_of(task);
	if (!program)
		return;
	grant = grant_of(program);
	bpf_map_update_elem(&privilege_grants, &grant, &one, BPF_ANY);
}

static __always_inline void tell_gain(const struct task_struct *task, const struct cred *former)
{
	struct cordon_event_privilege *record = event_reserve(&auth_ring, CORDON_EVENT_PRIVILEGE,
							      sizeof(*record), task->tgid,
							      bpf_ktime_get_ns());

	if (!record)
		return;
	record->start = task_start(task);
	record->capabilities = task_capabilities(task);
	record->former_capabilities = cred_permitted(former);
	record->uid = task->cred->uid.val;
	record->euid = task->cred->euid.val;
	record->former_uid = former->uid.val;
	record->former_euid = former->euid.val;
	record->login_uid = task_login(task);
	record->session = task_session(task);
	bpf_get_current_comm(record->name, sizeof(record->name));
	bpf_ringbuf_submit(record, 0);
}

/** privilege_look() - has the process that is at work gained any behind its program's start? */
static __always_inline void privilege_look(const struct task_struct *task)
{
	const struct file *program = program_of(task);
	struct gainer gainer = { .pid = task->tgid };
	const struct cred *former;
	struct grant grant;
	const __u8 one = 1;

	if (!program)
		return;
	former = program->f_cred;
	if (!former || !has_more(task->cred, former))
		return;
	grant = grant_of(program);
	if (bpf_map_lookup_elem(&privilege_grants, &grant))
		return;
	gainer.start = task_start(task);
	if (!bpf_map_update_elem(&privilege_told, &gainer, &one, BPF_NOEXIST))
		tell_gain(task, former);
}

/** session_look() - is the process that is at work the first of a login session? */
static __always_inline void session_look(const struct task_struct *task)
{
	const __u32 session = task_session(task);
	struct cordon_event_session *record;
	const __u8 one = 1;

	if (session == ~0U || session == task_session(task->real_parent) ||
	    bpf_map_update_elem(&sessions_told, &session, &one, BPF_NOEXIST))
		return;
	record = event_reserve(&auth_ring, CORDON_EVENT_SESSION, sizeof(*record), task->tgid,
			       bpf_ktime_get_ns());
	if (!record)
		return;
	record->start = task_start(task);
	record->session = session;
	record->login_uid = task_login(task);
	record->uid = task->cred->uid.val;
	record->euid = task->cred->euid.val;
	bpf_get_current_comm(record->name, sizeof(record->name));
	bpf_ringbuf_submit(record, 0);
}

#endif
