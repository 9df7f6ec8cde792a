/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is read of the kernel's structs of processes (CO-RE: only the fields named
 * here, 6.1 to 6.18), and questions to them.  It tells nothing.
 */
#ifndef CORDON_BPF_TASK_H
#define CORDON_BPF_TASK_H

#include "core.h"
#include "list.h"
#include "path.h"

/* include/linux/proc_ns.h: PROC_PID_INIT_INO, the first pid namespace. */
#define FIRST_PID_NAMESPACE 0xeffffffcU

struct atomic {
	int counter;
} __attribute__((preserve_access_index));

struct id {
	__u32 val;
} __attribute__((preserve_access_index));

struct capabilities {
	__u64 val;
} __attribute__((preserve_access_index));

struct user_namespace {
	int level;
} __attribute__((preserve_access_index));

struct cred {
	struct id uid, gid, suid, euid, egid;
	struct capabilities cap_permitted, cap_effective;
	struct user_namespace *user_ns;
} __attribute__((preserve_access_index));

struct tty_driver {
	int major;
	int minor_start;
} __attribute__((preserve_access_index));

struct tty_struct {
	int index;
	struct tty_driver *driver;
} __attribute__((preserve_access_index));

struct signal_struct {
	struct atomic live;
	int nr_threads;
	struct list_head thread_head;
	int group_exit_code;
	struct tty_struct *tty;
	unsigned long maxrss;
	unsigned long long sum_sched_runtime;
} __attribute__((preserve_access_index));

struct ns_common {
	const struct proc_ns_operations *ops;
	unsigned int inum;
} __attribute__((preserve_access_index));

struct pid_namespace {
	struct ns_common ns;
} __attribute__((preserve_access_index));

struct mnt_namespace {
	struct ns_common ns;
} __attribute__((preserve_access_index));

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
} __attribute__((preserve_access_index));

struct upid {
	int nr;
	struct pid_namespace *ns;
} __attribute__((preserve_access_index));

struct pid {
	unsigned int level;
	struct upid numbers[1];
} __attribute__((preserve_access_index));

struct mm_struct {
	unsigned long arg_start, arg_end;
	struct file *exe_file;
} __attribute__((preserve_access_index));

struct vm_area_struct {
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	struct file *vm_file;
} __attribute__((preserve_access_index));

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} __attribute__((preserve_access_index));

struct files_struct {
	struct atomic count;
	struct fdtable *fdt;
} __attribute__((preserve_access_index));

struct sched_entity {
	__u64 sum_exec_runtime;
} __attribute__((preserve_access_index));

struct task_struct {
	struct sched_entity se;
	struct mm_struct *mm;
	char comm[16];
	unsigned int flags;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct list_head thread_node;
	__u64 start_boottime;
	const struct cred *cred;
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct id loginuid;
	unsigned int sessionid;
} __attribute__((preserve_access_index));

struct linux_binprm {
	unsigned int secureexec : 1;
	struct file *file;
	unsigned int per_clear;
	const char *filename;
	const char *interp;
} __attribute__((preserve_access_index));

/** task_namespaces() - NULL: it has none any more */
static __always_inline const struct nsproxy *task_namespaces(const struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy);
}

/** task_start() - of its process */
static __always_inline __u64 task_start(const struct task_struct *task)
{
	return task->group_leader->start_boottime;
}

/** struct own_id - what a process is called in its own namespace */
struct own_id {
	__u32 pid;
	__u32 namespace;
};

static __always_inline struct own_id task_own_id(const struct task_struct *task)
{
	const struct task_struct *leader = task->group_leader;
	const __u32 level = leader->thread_pid->level;
	struct own_id own = { task->tgid, FIRST_PID_NAMESPACE };
	struct pid_namespace *namespace;
	const struct upid *number;

	if (!level)
		return own;
	/* Read by a helper, it is a number, with which the verifier lets us count. */
	number = (const void *)BPF_CORE_READ(leader, thread_pid) +
		 bpf_core_field_offset(struct pid, numbers) +
		 level * bpf_core_type_size(struct upid);
	bpf_core_read(&own.pid, sizeof(own.pid), &number->nr);
	bpf_core_read(&namespace, sizeof(namespace), &number->ns);
	bpf_core_read(&own.namespace, sizeof(own.namespace), &namespace->ns.inum);
	return own;
}

/** task_file() - what is behind a descriptor of who asks; NULL: nothing */
static __always_inline const struct file *task_file(__u32 fd)
{
	const struct task_struct *task = bpf_get_current_task_btf();
	struct file *const *table;
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(task, files, fdt, max_fds))
		return NULL;
	table = BPF_CORE_READ(task, files, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &table[fd]);
	return file;
}

/** task_tty() - device number of its controlling terminal, 0: none */
static __always_inline __u32 task_tty(const struct task_struct *task)
{
	const struct tty_struct *tty = task->signal->tty;

	if (!tty)
		return 0;
	return (tty->driver->major << 20 | tty->driver->minor_start) + tty->index;
}

/** task_capabilities() - effective; two words before 6.3, one from then on */
static __always_inline __u64 task_capabilities(const struct task_struct *task)
{
	__u64 capabilities = 0;

	bpf_core_read(&capabilities, sizeof(capabilities), &task->cred->cap_effective);
	return capabilities;
}

/** task_login(), task_session() - audit's, ~0: nobody logged in, or no audit in this kernel */
static __always_inline __u32 task_login(const struct task_struct *task)
{
	return bpf_core_field_exists(task->loginuid) ? task->loginuid.val : ~0U;
}

static __always_inline __u32 task_session(const struct task_struct *task)
{
	return bpf_core_field_exists(task->sessionid) ? task->sessionid : ~0U;
}

#endif
