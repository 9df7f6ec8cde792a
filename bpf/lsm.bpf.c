// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lockdown: only listed programs start, and listed secrets open for their own
 * programs alone.  It is attached when the node comes to that level and taken off
 * when it leaves it, so it asks for no level.
 *
 *	bprm_check_security	a program, a script and its interpreter: each is looked up
 *	mmap_file		code of a file that was changed since the node was shut: a
 *				library that is preloaded, or by another name than a program's
 *	file_open		a secret, or a folder that one is in; and how files are listed
 *	inode_rename, _link	a secret by another name
 */
#include <cordon/uapi/lockdown.h>

#include "directory.h"
#include "task.h"

#define EPERM 1
#define PROTECT_EXEC 4
#define DEPTH_MAX 24

/* include/linux/fs.h: the time of the last change has had three shapes. */
struct timespec64 {
	__s64 tv_sec;
} __attribute__((preserve_access_index));

struct inode___plain {
	struct timespec64 i_ctime;
} __attribute__((preserve_access_index));

struct inode___hidden {
	struct timespec64 __i_ctime;
} __attribute__((preserve_access_index));

struct inode___split {
	__s64 i_ctime_sec;
} __attribute__((preserve_access_index));

struct dentry___inode {
	struct inode *d_inode;
	struct dentry *d_parent;
} __attribute__((preserve_access_index));

struct file___path {
	struct path f_path;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_lockdown_held);
} lockdown_held SEC(".maps");

struct lockdown_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2048);
	__type(key, struct cordon_lockdown_file);
	__type(value, struct cordon_lockdown_right);
};

struct lockdown_table lockdown_programs SEC(".maps");
struct lockdown_table lockdown_secrets SEC(".maps");

/* NULL: it does not hold any more */
static __always_inline struct cordon_lockdown_held *find_held(void)
{
	const __u32 zero = 0;
	struct cordon_lockdown_held *held = bpf_map_lookup_elem(&lockdown_held, &zero);

	return held && !*(volatile __u32 *)&held->over ? held : NULL;
}

static __always_inline int refuse(struct cordon_lockdown_held *held, __u32 what)
{
	if (what < CORDON_LOCKDOWN_REFUSALS)
		__sync_fetch_and_add(&held->refused[what], 1);
	return -EPERM;
}

static __always_inline struct cordon_lockdown_file file_of(const struct inode *inode)
{
	const struct cordon_lockdown_file file = {
		.device = BPF_CORE_READ(inode, i_sb, s_dev),
		.inode = BPF_CORE_READ(inode, i_ino),
	};

	return file;
}

static __always_inline __s64 changed_at(const struct inode *inode)
{
	const struct inode___split *split = (const void *)inode;
	const struct inode___hidden *hidden = (const void *)inode;
	const struct inode___plain *plain = (const void *)inode;

	if (bpf_core_field_exists(split->i_ctime_sec))
		return BPF_CORE_READ(split, i_ctime_sec);
	if (bpf_core_field_exists(hidden->__i_ctime))
		return BPF_CORE_READ(hidden, __i_ctime.tv_sec);
	return BPF_CORE_READ(plain, i_ctime.tv_sec);
}

static __always_inline bool is_as_it_was(const struct cordon_lockdown_held *held,
					 const struct inode *inode)
{
	return changed_at(inode) <= held->since;
}

/* Arguments: the program, or what interprets it. */
SEC("lsm/bprm_check_security")
int lockdown_start(__u64 *arguments)
{
	const struct linux_binprm *program = (const void *)arguments[0];
	const struct inode *inode = BPF_CORE_READ(program, file, f_inode);
	struct cordon_lockdown_held *held = find_held();
	const struct cordon_lockdown_file file = file_of(inode);
	const struct cordon_lockdown_right *right;

	if (!held || !held->programs)
		return 0;
	right = bpf_map_lookup_elem(&lockdown_programs, &file);
	if (right && right->starts && is_as_it_was(held, inode))
		return 0;
	return refuse(held, CORDON_LOCKDOWN_START);
}

/* Arguments: the file or NULL, what was asked for, what it gets. */
SEC("lsm/mmap_file")
int lockdown_map(__u64 *arguments)
{
	const struct file *file = (const void *)arguments[0];
	struct cordon_lockdown_held *held = find_held();

	if (!file || !(arguments[2] & PROTECT_EXEC) || !held || !held->programs ||
	    is_as_it_was(held, BPF_CORE_READ(file, f_inode)))
		return 0;
	return refuse(held, CORDON_LOCKDOWN_LIBRARY);
}

/* Bits of the secrets that a name is, or lies in. */
static __always_inline __u64 secrets_at(const struct dentry *dentry)
{
	const struct dentry___inode *at = (const void *)dentry;
	__u64 secrets = 0;

	for (int i = 0; i < DEPTH_MAX; i++) {
		const struct inode *inode = BPF_CORE_READ(at, d_inode);
		const struct cordon_lockdown_file file = file_of(inode);
		const struct cordon_lockdown_right *right =
			bpf_map_lookup_elem(&lockdown_secrets, &file);
		const struct dentry *parent = BPF_CORE_READ(at, d_parent);

		if (right)
			secrets |= right->opens;
		if (parent == (const void *)at)
			break;
		at = (const void *)parent;
	}
	return secrets;
}

/* Those that the program which this process runs may open. */
static __always_inline __u64 secrets_of_current(const struct cordon_lockdown_held *held)
{
	const struct task_struct *task = (const void *)bpf_get_current_task();
	const struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
	const struct cordon_lockdown_file file = file_of(inode);
	const struct cordon_lockdown_right *right = bpf_map_lookup_elem(&lockdown_programs, &file);

	return right && is_as_it_was(held, inode) ? right->opens : 0;
}

static __always_inline void learn(struct cordon_lockdown_held *held, const struct inode *inode)
{
	const struct cordon_lockdown_file file = file_of(inode);
	const struct cordon_lockdown_right right = held->right;
	long error;

	if (held->lesson == CORDON_LOCKDOWN_LEARN_PROGRAM)
		error = bpf_map_update_elem(&lockdown_programs, &file, &right, BPF_ANY);
	else
		error = bpf_map_update_elem(&lockdown_secrets, &file, &right, BPF_ANY);
	if (error)
		__sync_fetch_and_add(&held->full, 1);
}

SEC("lsm/file_open")
int lockdown_open(__u64 *arguments)
{
	const struct file *file = (const void *)arguments[0];
	const struct file___path *of = (const void *)file;
	struct cordon_lockdown_held *held = find_held();
	__u64 secrets;

	if (!held)
		return 0;
	if (held->learner && held->learner == (__u32)(bpf_get_current_pid_tgid() >> 32)) {
		learn(held, BPF_CORE_READ(file, f_inode));
		return 0;
	}
	secrets = secrets_at(BPF_CORE_READ(of, f_path.dentry));
	if (!secrets || !(secrets & ~secrets_of_current(held)))
		return 0;
	return refuse(held, CORDON_LOCKDOWN_OPEN);
}

static __always_inline int keep_name(const struct dentry *dentry)
{
	struct cordon_lockdown_held *held = find_held();
	__u64 secrets;

	if (!held)
		return 0;
	secrets = secrets_at(dentry);
	if (!secrets || !(secrets & ~secrets_of_current(held)))
		return 0;
	return refuse(held, CORDON_LOCKDOWN_MOVE);
}

/* Arguments: from which folder, what, to which folder, what is there. */
SEC("lsm/inode_rename")
int lockdown_rename(__u64 *arguments)
{
	return keep_name((const void *)arguments[1]);
}

/* Arguments: what, in which folder, by which name. */
SEC("lsm/inode_link")
int lockdown_link(__u64 *arguments)
{
	return keep_name((const void *)arguments[0]);
}

char LICENSE[] SEC("license") = "GPL";
