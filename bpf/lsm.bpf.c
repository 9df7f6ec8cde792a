// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lockdown: only listed programs start, only listed code runs, and listed secrets
 * open for their own programs alone.  It is attached when the node comes to that
 * level and taken off when it leaves it, so it asks for no level.
 *
 *	bprm_check_security	a program, a script and its interpreter; and room for what is known
 *				of who starts it
 *	bprm_committed_creds	which secrets the process may open from now on
 *	sched_process_fork	as its parent
 *	mmap_file		code of a file; and how code is listed
 *	file_mprotect		code of a file that was mapped as data
 *	file_open		a secret, or what is in it, or listed code to be written to;
 *				and how secrets are listed
 *	inode_rename, _link	a secret, or listed code, by another name
 *	key_permission		a key or keyring that is a secret
 *	ptrace_*, task_prctl	another's process; and the name of one's own program
 *
 * A program or library is what it was if its inode, and the digest that the kernel
 * makes of it each time, are: nothing is remembered that a clock, a mount or a new
 * content could make stale.  Nobody has it open to write then, and nobody may open
 * it so as long as this holds.
 */
#include <cordon/uapi/lockdown.h>

#include "path.h"
#include "tried.h"

#define EPERM 1
#define E2BIG 7

#define PROTECT_EXEC 4
#define MEMORY_EXEC 4 /* VM_EXEC */
#define DEPTH_MAX 24

#define UNSAFE_PTRACE 2 /* include/linux/binfmts.h */
#define TRACE_ATTACH 2	/* PTRACE_MODE_ATTACH */

/* prctl(2) */
#define PRCTL_SET_MM 35
#define PRCTL_SET_MM_EXE_FILE 13
#define PRCTL_SET_MM_MAP 14

struct inode___writers {
	struct atomic i_writecount;
} __attribute__((preserve_access_index));

struct linux_binprm___unsafe {
	int unsafe;
} __attribute__((preserve_access_index));

struct task_struct___traced {
	unsigned int ptrace;
} __attribute__((preserve_access_index));

/* include/linux/key.h */
enum key_need_perm {
	KEY_NEED_VIEW = 1,
	KEY_DEFER_PERM_CHECK,
};

struct key_type {
	const char *name;
} __attribute__((preserve_access_index));

struct key {
	struct key_type *type;
	char *description;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_lockdown_held);
} lockdown_held SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_lockdown_lesson);
} lockdown_lesson SEC(".maps");

/* Full: who lists is told, and it does not start or run. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct cordon_lockdown_file);
	__type(value, struct cordon_lockdown_right);
} lockdown_code SEC(".maps");

/* Full: who lists is told; as many as a policy can name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2048);
	__type(key, struct cordon_lockdown_file);
	__type(value, __u64);
} lockdown_secrets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct cordon_lockdown_key);
	__type(value, __u64);
} lockdown_keys SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cordon_lockdown_task);
} lockdown_tasks SEC(".maps");

/* NULL: it does not hold any more */
static __always_inline struct cordon_lockdown_held *find_held(void)
{
	const __u32 zero = 0;
	struct cordon_lockdown_held *held = bpf_map_lookup_elem(&lockdown_held, &zero);

	return held && !*(volatile __u32 *)&held->over ? held : NULL;
}

/* @name: the kernel's, or NULL */
static __always_inline int refuse(struct cordon_lockdown_held *held,
				  enum cordon_lockdown_refusal what, __u16 act, __u16 object,
				  const void *name)
{
	struct tried tried = { .act = act, .object = object, .latch = CORDON_LATCH_LOCKDOWN };

	__sync_fetch_and_add(&held->refused[what], 1);
	if (name)
		bpf_probe_read_kernel_str(tried.name, sizeof(tried.name), name);
	tried_tell(&tried);
	return -EPERM;
}

static __always_inline const void *name_of(const struct file *file)
{
	return BPF_CORE_READ(file, f_path.dentry, d_name.name);
}

static __always_inline struct cordon_lockdown_file file_of(const struct inode *inode)
{
	const struct cordon_lockdown_file file = {
		.device = BPF_CORE_READ(inode, i_sb, s_dev),
		.inode = BPF_CORE_READ(inode, i_ino),
	};

	return file;
}

static __always_inline bool is_same(const struct cordon_lockdown_file *a,
				    const struct cordon_lockdown_file *b)
{
	return a->inode == b->inode && a->device == b->device;
}

/* ---- code --------------------------------------------------------------------------------- */

static __always_inline bool is_written_to(const struct inode *inode)
{
	const struct inode___writers *of = (const void *)inode;

	return BPF_CORE_READ(of, i_writecount.counter) > 0;
}

static __always_inline bool has_digest(struct file *file, const struct cordon_lockdown_right *right)
{
	const __u64 *listed = (const __u64 *)right->digest;
	__u64 digest[8] = { 0 };

	return bpf_ima_file_hash(file, digest, sizeof(digest)) == right->algorithm &&
	       digest[0] == listed[0] && digest[1] == listed[1] && digest[2] == listed[2] &&
	       digest[3] == listed[3];
}

static __always_inline const struct cordon_lockdown_right *right_of(const struct inode *inode)
{
	const struct cordon_lockdown_file file = file_of(inode);

	return bpf_map_lookup_elem(&lockdown_code, &file);
}

/* It is hashed last: that takes its time. */
static __always_inline bool is_as_listed(struct file *file,
					 const struct cordon_lockdown_right *right)
{
	return right && !is_written_to(BPF_CORE_READ(file, f_inode)) && has_digest(file, right);
}

static __always_inline bool is_traced(const struct linux_binprm *program)
{
	const struct linux_binprm___unsafe *with = (const void *)program;

	return BPF_CORE_READ(with, unsafe) & UNSAFE_PTRACE;
}

/* Of this thread: each has its own, and all of a process the same. */
static __always_inline struct cordon_lockdown_task *task_of_current(__u64 flags)
{
	return bpf_task_storage_get(&lockdown_tasks, bpf_get_current_task_btf(), 0, flags);
}

/* Arguments: the program, or what interprets it. */
SEC("lsm.s/bprm_check_security")
int lockdown_start(__u64 *arguments)
{
	const struct linux_binprm *program = (const void *)arguments[0];
	struct cordon_lockdown_held *held = find_held();
	const struct cordon_lockdown_right *right;

	if (!held || !held->programs)
		return 0;
	right = right_of(BPF_CORE_READ(program, file, f_inode));
	if (right && right->starts && !is_traced(program) && is_as_listed(program->file, right))
		return 0;
	return refuse(held, CORDON_LOCKDOWN_START, CORDON_GUARD_ACT_START,
		      CORDON_GUARD_OBJECT_EXECUTABLE, name_of(program->file));
}

/* What ran before this was attached is known by its inode alone. */
static __always_inline __u64 opened_by_earlier(const struct task_struct *task)
{
	const struct cordon_lockdown_right *right =
		right_of(BPF_CORE_READ(task, mm, exe_file, f_inode));

	return right ? right->opens : 0;
}

/* Here, as nothing sleeps: before 6.2 no other process on this CPU finds its own while one is being
 * made. Until the program has started the process is what it was. */
SEC("lsm/bprm_check_security")
int lockdown_begin(__u64 *arguments)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct cordon_lockdown_task before = { .opens = 0 };

	(void)arguments;
	if (!find_held())
		return 0;
	before.opens = opened_by_earlier(task);
	bpf_task_storage_get(&lockdown_tasks, task, &before, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

/* With the file still closed to writers; whoever traces it could make it tell. */
SEC("lsm.s/bprm_committed_creds")
int lockdown_started(__u64 *arguments)
{
	const struct linux_binprm *program = (const void *)arguments[0];
	const struct inode *inode = BPF_CORE_READ(program, file, f_inode);
	const struct cordon_lockdown_right *right = right_of(inode);
	struct cordon_lockdown_task *task;

	if (!find_held())
		return 0;
	task = task_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!task)
		return 0;
	task->program = file_of(inode);
	task->opens = 0;
	if (right && right->opens && !is_traced(program) && is_as_listed(program->file, right))
		task->opens = right->opens;
	return 0;
}

/* Arguments: the parent, the child: a process or a thread. */
SEC("tp_btf/sched_process_fork")
int lockdown_forked(__u64 *arguments)
{
	struct task_struct *parent = (void *)arguments[0], *child = (void *)arguments[1];
	struct cordon_lockdown_task *from = bpf_task_storage_get(&lockdown_tasks, parent, 0, 0);

	if (from)
		bpf_task_storage_get(&lockdown_tasks, child, from, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}

/* The secrets that this process may open. */
static __always_inline __u64 opened_by_current(void)
{
	const struct cordon_lockdown_task *known = task_of_current(0);
	const struct task_struct *task = bpf_get_current_task_btf();
	const struct task_struct___traced *of = (const void *)task;

	if (BPF_CORE_READ(of, ptrace))
		return 0;
	return known ? known->opens : opened_by_earlier(task);
}

/* Who opens secrets runs nothing but listed code, wherever others may run what they like. */
static __always_inline int meet_code(struct cordon_lockdown_held *held, const void *name)
{
	if (!held->programs && !opened_by_current())
		return 0;
	return refuse(held, CORDON_LOCKDOWN_CODE, CORDON_GUARD_ACT_RUN_CODE,
		      CORDON_GUARD_OBJECT_CODE, name);
}

/* The program of this process cannot be written to while it runs. */
static __always_inline bool is_own_program(const struct inode *inode)
{
	const struct cordon_lockdown_task *task = task_of_current(0);
	const struct cordon_lockdown_file file = file_of(inode);

	return task && is_same(&task->program, &file);
}

static __always_inline struct cordon_lockdown_lesson *find_lesson(__u32 kind)
{
	const __u32 zero = 0, process = bpf_get_current_pid_tgid() >> 32;
	struct cordon_lockdown_lesson *lesson = bpf_map_lookup_elem(&lockdown_lesson, &zero);

	return lesson && lesson->learner == process && lesson->kind == kind ? lesson : NULL;
}

static __always_inline long learn_digest(struct cordon_lockdown_lesson *lesson, struct file *file)
{
	__u64 digest[8] = { 0 };
	const long algorithm = bpf_ima_file_hash(file, digest, sizeof(digest));

	lesson->right.algorithm = algorithm;
	__builtin_memcpy(lesson->right.digest, digest, sizeof(lesson->right.digest));
	return algorithm < 0 ? algorithm : 0;
}

/* A file may be a program by two names, and a library besides. */
static __always_inline long learn_code(struct cordon_lockdown_lesson *lesson, struct file *file)
{
	const struct cordon_lockdown_file key = file_of(BPF_CORE_READ(file, f_inode));
	const struct cordon_lockdown_right *before = bpf_map_lookup_elem(&lockdown_code, &key);
	const long error = learn_digest(lesson, file);
	struct cordon_lockdown_right right;

	if (error)
		return error;
	right = lesson->right;
	if (before) {
		right.opens |= before->opens;
		right.starts |= before->starts;
	}
	lesson->file = key;
	return bpf_map_update_elem(&lockdown_code, &key, &right, BPF_ANY) ? -E2BIG : 0;
}

/* Arguments: the file or NULL, what was asked for, what it gets. */
SEC("lsm.s/mmap_file")
int lockdown_map(__u64 *arguments)
{
	struct file *file = (void *)arguments[0];
	struct cordon_lockdown_held *held = find_held();
	struct cordon_lockdown_lesson *lesson;
	const struct inode *inode;

	if (!held || !file)
		return 0;
	/* Before 6.13 the verifier believes that there is always a file. */
	inode = BPF_CORE_READ(file, f_inode);
	if (!inode)
		return 0;
	lesson = find_lesson(CORDON_LOCKDOWN_LEARN_CODE);
	if (lesson) {
		lesson->result = learn_code(lesson, file);
		return 0;
	}
	if (!(arguments[2] & PROTECT_EXEC) || is_own_program(inode) ||
	    is_as_listed(file, right_of(inode)))
		return 0;
	return meet_code(held, name_of(file));
}

/* Arguments: the memory, what was asked for, what it gets. */
SEC("lsm/file_mprotect")
int lockdown_protect(__u64 *arguments)
{
	const struct vm_area_struct *memory = (const void *)arguments[0];
	struct cordon_lockdown_held *held = find_held();
	const struct file *file;

	if (!held || !(arguments[2] & PROTECT_EXEC))
		return 0;
	file = BPF_CORE_READ(memory, vm_file);
	if (!file || BPF_CORE_READ(memory, vm_flags) & MEMORY_EXEC)
		return 0;
	return meet_code(held, name_of(file));
}

/* ---- secrets ------------------------------------------------------------------------------ */

/* Bits of the secrets that a name is, or lies in. */
static __always_inline __u64 secrets_at(const struct dentry *dentry)
{
	__u64 secrets = 0;

	for (int i = 0; i < DEPTH_MAX; i++) {
		const struct inode *inode = BPF_CORE_READ(dentry, d_inode);
		const struct cordon_lockdown_file file = file_of(inode);
		const __u64 *found = bpf_map_lookup_elem(&lockdown_secrets, &file);
		const struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		if (found)
			secrets |= *found;
		if (parent == dentry)
			break;
		dentry = parent;
	}
	return secrets;
}

static __always_inline bool is_secret(const struct dentry *dentry)
{
	const __u64 secrets = secrets_at(dentry);

	return secrets && secrets & ~opened_by_current();
}

static __always_inline long learn_secret(struct cordon_lockdown_lesson *lesson,
					 const struct file *file)
{
	const struct cordon_lockdown_file key = file_of(BPF_CORE_READ(file, f_inode));
	const __u64 *before = bpf_map_lookup_elem(&lockdown_secrets, &key);
	const __u64 secrets = lesson->right.opens | (before ? *before : 0);

	lesson->file = key;
	return bpf_map_update_elem(&lockdown_secrets, &key, &secrets, BPF_ANY) ? -E2BIG : 0;
}

SEC("lsm/file_open")
int lockdown_open(__u64 *arguments)
{
	const struct file *file = (const void *)arguments[0];
	struct cordon_lockdown_held *held = find_held();
	struct cordon_lockdown_lesson *lesson;

	if (!held)
		return 0;
	lesson = find_lesson(CORDON_LOCKDOWN_LEARN_SECRET);
	if (lesson) {
		lesson->result = learn_secret(lesson, file);
		return 0;
	}
	if (file->f_mode & MODE_WRITE && right_of(file->f_inode))
		return refuse(held, CORDON_LOCKDOWN_WRITE, CORDON_GUARD_ACT_WRITE,
			      CORDON_GUARD_OBJECT_EXECUTABLE, name_of(file));
	if (!is_secret(BPF_CORE_READ(file, f_path.dentry)))
		return 0;
	return refuse(held, CORDON_LOCKDOWN_OPEN, CORDON_GUARD_ACT_OPEN, CORDON_GUARD_OBJECT_SECRET,
		      name_of(file));
}

static __always_inline int keep_name(const struct dentry *dentry, __u16 act)
{
	struct cordon_lockdown_held *held = find_held();
	const bool code = right_of(BPF_CORE_READ(dentry, d_inode));

	if (!held || (!code && !is_secret(dentry)))
		return 0;
	return refuse(held, CORDON_LOCKDOWN_NAME, act,
		      code ? CORDON_GUARD_OBJECT_EXECUTABLE : CORDON_GUARD_OBJECT_SECRET,
		      BPF_CORE_READ(dentry, d_name.name));
}

/* Arguments: from which folder, what, to which folder, what is there. */
SEC("lsm/inode_rename")
int lockdown_rename(__u64 *arguments)
{
	return keep_name((const void *)arguments[1], CORDON_GUARD_ACT_MOVE);
}

/* Arguments: what, in which folder, by which name. */
SEC("lsm/inode_link")
int lockdown_link(__u64 *arguments)
{
	return keep_name((const void *)arguments[0], CORDON_GUARD_ACT_NAME);
}

/* Arguments: a reference, what is needed of it.  The lowest bit of a reference tells whether the
 * key is possessed; its type is one that the verifier lets nobody load. */
static __always_inline const struct key *key_of(const __u64 *arguments)
{
	__u64 reference = 0;

	bpf_probe_read_kernel(&reference, sizeof(reference), arguments);
	return (const void *)(reference & ~1ULL);
}

/* To look at a key, as `keyctl show` does, shows nothing of what it holds; and what is asked later
 * is refused then. */
static __always_inline bool is_harmless(__u32 need)
{
	return need == bpf_core_enum_value(enum key_need_perm, KEY_NEED_VIEW) ||
	       need == bpf_core_enum_value(enum key_need_perm, KEY_DEFER_PERM_CHECK);
}

SEC("lsm/key_permission")
int lockdown_key(__u64 *arguments)
{
	struct cordon_lockdown_key name = { .type = "" };
	struct cordon_lockdown_held *held = find_held();
	const struct key *key = key_of(arguments);
	const __u64 *secrets;

	if (!held || is_harmless(arguments[2]))
		return 0;
	bpf_probe_read_kernel_str(name.type, sizeof(name.type), BPF_CORE_READ(key, type, name));
	bpf_probe_read_kernel_str(name.description, sizeof(name.description),
				  BPF_CORE_READ(key, description));
	secrets = bpf_map_lookup_elem(&lockdown_keys, &name);
	if (!secrets || !(*secrets & ~opened_by_current()))
		return 0;
	return refuse(held, CORDON_LOCKDOWN_OPEN, CORDON_GUARD_ACT_OPEN, CORDON_GUARD_OBJECT_KEY,
		      BPF_CORE_READ(key, description));
}

/* ---- others' processes -------------------------------------------------------------------- */

static __always_inline int refuse_trace(__u16 act, const struct task_struct *task)
{
	struct cordon_lockdown_held *held = find_held();

	return held ? refuse(held, CORDON_LOCKDOWN_TRACE, act, CORDON_GUARD_OBJECT_OTHER,
			     task ? task->comm : NULL) :
		      0;
}

/* Also /proc/PID/mem, process_vm_writev(2) and pidfd_getfd(2).  What /proc says of a process may be
 * read. */
SEC("lsm/ptrace_access_check")
int lockdown_trace(__u64 *arguments)
{
	if (!(arguments[1] & TRACE_ATTACH))
		return 0;
	return refuse_trace(CORDON_GUARD_ACT_TRACE, (const void *)arguments[0]);
}

SEC("lsm/ptrace_traceme")
int lockdown_traceme(__u64 *arguments)
{
	return refuse_trace(CORDON_GUARD_ACT_BE_TRACED, (const void *)arguments[0]);
}

/* Arguments: what to do, four values. */
SEC("lsm/task_prctl")
int lockdown_prctl(__u64 *arguments)
{
	if (arguments[0] != PRCTL_SET_MM ||
	    (arguments[1] != PRCTL_SET_MM_EXE_FILE && arguments[1] != PRCTL_SET_MM_MAP))
		return 0;
	return refuse_trace(CORDON_GUARD_ACT_FEIGN_PROGRAM, NULL);
}

char LICENSE[] SEC("license") = "GPL";
