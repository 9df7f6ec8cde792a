/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard of our folders and pins, of the helper's own file, and of the mounts
 * through which they are reached.
 *
 * What is ours is told by folders, followed up from the name in question.  Others
 * may read; in the inbox they may do as they like.  Mounts are guarded where we
 * look, that is in the namespace that the guard was raised in: what somebody sees
 * in another one is his affair, and the helper is not ours there.
 */
#ifndef CORDON_BPF_GUARD_FILE_H
#define CORDON_BPF_GUARD_FILE_H

#include "guard.h"

#define CGROUP2_MAGIC 0x63677270
#define TRACEFS_MAGIC 0x74726163
#define CONFIG_MAGIC 0x62656570

#define SET_FLAGS 0x40086602	   /* FS_IOC_SETFLAGS */
#define SET_FLAGS_SMALL 0x40046602 /* FS_IOC32_SETFLAGS */
#define SET_ATTRIBUTES 0x401c5820  /* FS_IOC_FSSETXATTR */

/* mount(2) */
#define MOUNT_REMOUNT (1U << 5)
#define MOUNT_MOVE (1U << 13)
#define MOUNT_PROPAGATION (0xfU << 17)

/* In 6.9 and later a name is the second argument of inode_setattr. */
const volatile __u32 setattr_dentry SEC(".rodata.setattr_dentry") = 0;

struct kernfs_open_file;

/* ---- names -------------------------------------------------------------------------------- */

static __always_inline int refuse_file(__u16 act, const struct dentry *dentry)
{
	const struct inode *inode = dentry->d_inode;

	return guard_refuse(act, CORDON_GUARD_OBJECT_FILE, inode ? inode->i_ino : 0,
			    dentry->d_name.name);
}

static __always_inline bool is_ours(const struct cordon_guard *guard, const struct dentry *dentry)
{
	return guard_depth(guard, dentry) != GUARD_NOT_INSIDE ||
	       guard_is_helper(guard, dentry->d_inode);
}

/* Of a name that is about to be there, be gone or be another. */
static __always_inline int check_name(__u16 act, const struct dentry *named)
{
	const struct dentry *dentry = only_read(struct dentry, named);
	const struct cordon_guard *guard = guard_stands();

	if (!guard || !is_ours(guard, dentry) || guard_is_us())
		return 0;
	return refuse_file(act, dentry);
}

/* What is made or written there has packets handed to a device past the hooks (userspace/sender.h).
 */
static __always_inline int check_sender(const struct dentry *dentry)
{
	if (!guard_closed() || guard_is_us())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_SEND, CORDON_GUARD_OBJECT_KERNEL, 0,
			    BPF_CORE_READ(dentry, d_name.name));
}

/* Arguments: the folder, the name in it. */
SEC("lsm/inode_create")
int guard_create(__u64 *arguments)
{
	return check_name(CORDON_GUARD_ACT_MAKE, (const struct dentry *)arguments[1]);
}

SEC("lsm/inode_mkdir")
int guard_mkdir(__u64 *arguments)
{
	const struct dentry *dentry = (const void *)arguments[1];

	if (BPF_CORE_READ(dentry, d_sb, s_magic) == CONFIG_MAGIC &&
	    IS_NAMED(BPF_CORE_READ(dentry, d_parent), "netconsole"))
		return check_sender(dentry);
	return check_name(CORDON_GUARD_ACT_MAKE, dentry);
}

SEC("lsm/inode_mknod")
int guard_mknod(__u64 *arguments)
{
	return check_name(CORDON_GUARD_ACT_MAKE, (const struct dentry *)arguments[1]);
}

SEC("lsm/inode_symlink")
int guard_symlink(__u64 *arguments)
{
	return check_name(CORDON_GUARD_ACT_MAKE, (const struct dentry *)arguments[1]);
}

SEC("lsm/inode_unlink")
int guard_unlink(__u64 *arguments)
{
	return check_name(CORDON_GUARD_ACT_REMOVE, (const struct dentry *)arguments[1]);
}

SEC("lsm/inode_rmdir")
int guard_rmdir(__u64 *arguments)
{
	return check_name(CORDON_GUARD_ACT_REMOVE, (const struct dentry *)arguments[1]);
}

static __always_inline bool is_above(const struct cordon_guard *guard, const struct dentry *dentry)
{
	const struct inode *inode = dentry->d_inode;
	const __u64 device = dentry->d_sb->s_dev;

	for (int i = 0; inode && i < CORDON_GUARD_ABOVE && guard->above[i].inode; i++) {
		if (guard_is_at(&guard->above[i], inode, device))
			return true;
	}
	return false;
}

/* Arguments: a folder, the name in it, the folder and the name that it is to have. */
SEC("lsm/inode_rename")
int guard_rename(__u64 *arguments)
{
	const struct dentry *from = only_read(struct dentry, arguments[1]);
	const struct dentry *to = only_read(struct dentry, arguments[3]);
	const struct cordon_guard *guard = guard_stands();

	if (!guard)
		return 0;
	if (!is_ours(guard, from) && !is_above(guard, from)) {
		if (!is_ours(guard, to) || guard_is_us())
			return 0;
		return refuse_file(CORDON_GUARD_ACT_MOVE, to);
	}
	return guard_is_us() ? 0 : refuse_file(CORDON_GUARD_ACT_MOVE, from);
}

/* By another name it would be in no folder of ours. */
SEC("lsm/inode_link")
int guard_link_name(__u64 *arguments)
{
	const struct dentry *from = only_read(struct dentry, arguments[0]);
	const struct dentry *to = only_read(struct dentry, arguments[2]);
	const struct cordon_guard *guard = guard_stands();

	if (!guard || (!is_ours(guard, from) && !is_ours(guard, to)) || guard_is_us())
		return 0;
	return refuse_file(CORDON_GUARD_ACT_NAME, from);
}

/* Truncation, too. */
SEC("lsm/inode_setattr")
int guard_setattr(__u64 *arguments)
{
	if (setattr_dentry)
		return check_name(CORDON_GUARD_ACT_ATTRIBUTES, (const struct dentry *)arguments[1]);
	return check_name(CORDON_GUARD_ACT_ATTRIBUTES, (const struct dentry *)arguments[0]);
}

SEC("lsm/inode_setxattr")
int guard_setxattr(__u64 *arguments)
{
	return check_name(CORDON_GUARD_ACT_ATTRIBUTES, (const struct dentry *)arguments[1]);
}

SEC("lsm/inode_removexattr")
int guard_removexattr(__u64 *arguments)
{
	return check_name(CORDON_GUARD_ACT_ATTRIBUTES, (const struct dentry *)arguments[1]);
}

/* ---- open files --------------------------------------------------------------------------- */

/* Threads of that number: one. */
struct pid___threads {
	struct hlist_head tasks[1];
} __attribute__((preserve_access_index));

struct task_struct___links {
	struct {
	} pid_links[1];
} __attribute__((preserve_access_index));

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
} __attribute__((preserve_access_index));

/* Whose file of /proc it is; NULL: no process's. */
static __always_inline const struct task_struct *process_of(const struct inode *inode)
{
	const struct proc_inode *proc =
		(const void *)inode - bpf_core_field_offset(struct proc_inode, vfs_inode);
	const struct pid___threads *pid = (const void *)BPF_CORE_READ(proc, pid);
	const void *node = BPF_CORE_READ(pid, tasks[0].first);

	return node ? node - bpf_core_field_offset(struct task_struct___links, pid_links) : NULL;
}

/* What the helper's processes may use, and which goes first when memory is short, is nobody else's
 * to say.  The reboot that a person asks for goes another way than the trigger (reboot(2)). */
static __always_inline int check_proc(const struct cordon_guard *guard, const struct dentry *dentry,
				      const struct inode *inode)
{
	const struct task_struct *task = process_of(inode);

	if (task && guard_runs_helper(guard, BPF_CORE_READ(task, mm)) && !guard_is_us())
		return guard_refuse(CORDON_GUARD_ACT_LIMIT, CORDON_GUARD_OBJECT_PROCESS,
				    BPF_CORE_READ(task, tgid), dentry->d_name.name);
	if (IS_NAMED(BPF_CORE_READ(dentry, d_parent), "pktgen"))
		return check_sender(dentry);
	if (!IS_NAMED(dentry, "sysrq-trigger") || !guard_closed() || guard_is_us())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_SYSRQ, CORDON_GUARD_OBJECT_KERNEL, 0, NULL);
}

/* There probes are made and switched on. */
static __always_inline int check_tracing(void)
{
	if (!guard_closed() || guard_is_us())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_PROBE, CORDON_GUARD_OBJECT_KERNEL, 0, NULL);
}

/* Where one of ours is, or above: all that is in it would stop, starve or end. */
static __always_inline bool is_lever(const struct dentry *dentry)
{
	return IS_PREFIX(dentry, "cgroup.kill") || IS_PREFIX(dentry, "cgroup.freeze") ||
	       IS_PREFIX(dentry, "cgroup.type") || IS_PREFIX(dentry, "cpu") ||
	       IS_PREFIX(dentry, "memory.") || IS_PREFIX(dentry, "pids.") ||
	       IS_PREFIX(dentry, "io.");
}

static __always_inline int check_cgroup(const struct dentry *dentry)
{
	const __u64 folder = BPF_CORE_READ(dentry, d_parent, d_inode, i_ino);

	if (!bpf_map_lookup_elem(&guard_cgroups, &folder) || !is_lever(dentry))
		return 0;
	if (guard_is_us() || (guard_is_init() && !guard_latched()))
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_CONTROL, CORDON_GUARD_OBJECT_CGROUP, folder,
			    dentry->d_name.name);
}

/* Whoever has it open, reading or not, may keep us from it, or make it forget. */
static __always_inline int check_character(const struct cordon_guard *guard,
					   const struct dentry *dentry, const struct inode *inode)
{
	const __u32 device = inode->i_rdev;

	if (device != guard->tpm[0] && device != guard->tpm[1] && !IS_PREFIX(dentry, "tpm"))
		return 0;
	if (!guard_latched() || guard_is_us())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_OPEN, CORDON_GUARD_OBJECT_TPM, 0, dentry->d_name.name);
}

static __always_inline int check_block(const struct dentry *dentry, const struct inode *inode)
{
	if (!guard_closed() || guard_is_us())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_WRITE, CORDON_GUARD_OBJECT_DEVICE, inode->i_ino,
			    dentry->d_name.name);
}

static __attribute__((noinline)) int check_open(__u64 *arguments)
{
	const struct file *file = only_read(struct file, arguments[0]);
	const struct cordon_guard *guard;
	const struct dentry *dentry;
	const struct inode *inode;
	__u32 kind;

	inode = file->f_inode;
	kind = inode->i_mode & KIND_MASK;
	if (!(file->f_mode & MODE_WRITE) && kind != KIND_CHARACTER)
		return 0;
	guard = guard_stands();
	if (!guard)
		return 0;
	dentry = file->f_path.dentry;
	if (kind == KIND_CHARACTER)
		return check_character(guard, dentry, inode);
	if (kind == KIND_BLOCK)
		return check_block(dentry, inode);
	if (inode->i_sb->s_magic == PROC_MAGIC)
		return check_proc(guard, dentry, inode);
	if (inode->i_sb->s_magic == CGROUP2_MAGIC)
		return check_cgroup(dentry);
	if (inode->i_sb->s_magic == TRACEFS_MAGIC)
		return check_tracing();
	return check_name(CORDON_GUARD_ACT_WRITE, dentry);
}

/* To read a regular file or a folder, as most do, costs no more than to be asked (make bench): what
 * is called apart is what saves registers. */
SEC("lsm/file_open")
int guard_open(__u64 *arguments)
{
	const struct file *file = (const void *)arguments[0];

	if (file->f_mode == MODE_PLAINLY_READ)
		return 0;
	return check_open(arguments);
}

/* Arguments: the file, the call, its argument. */
SEC("lsm/file_ioctl")
int guard_ioctl(__u64 *arguments)
{
	const struct file *file = (const void *)arguments[0];
	const __u32 call = arguments[1];

	if (call != SET_FLAGS && call != SET_FLAGS_SMALL && call != SET_ATTRIBUTES)
		return 0;
	return check_name(CORDON_GUARD_ACT_ATTRIBUTES, file->f_path.dentry);
}

/* Who held a lock of ours would keep the node from being shut. */
SEC("lsm/file_lock")
int guard_lock(__u64 *arguments)
{
	const struct file *file = (const void *)arguments[0];

	return check_name(CORDON_GUARD_ACT_LOCK, file->f_path.dentry);
}

/* ---- mounts ------------------------------------------------------------------------------- */

static __always_inline bool is_mount(const struct cordon_guard *guard, const struct vfsmount *mount)
{
	const __u32 id = BPF_CORE_READ(mount_of(mount), mnt_id);

	for (int i = 0; i < CORDON_GUARD_MOUNTS && guard->mount[i]; i++) {
		if (guard->mount[i] == id)
			return true;
	}
	return false;
}

/* Mounts of a disk end with the machine: the first process sees to that. */
static __always_inline bool is_at_the_end(const struct cordon_guard *guard,
					  const struct super_block *super)
{
	return guard_is_init() && super->s_dev != guard->tree[CORDON_GUARD_PINS].device;
}

static __always_inline int refuse_mount(__u16 act, const struct vfsmount *mount)
{
	return guard_refuse(act, CORDON_GUARD_OBJECT_MOUNT, BPF_CORE_READ(mount_of(mount), mnt_id),
			    NULL);
}

static __always_inline bool hides_ours(const struct cordon_guard *guard,
				       const struct dentry *dentry)
{
	const int depth = guard_depth(guard, dentry);

	if (depth > 0)
		return true;
	return guard_mounts() == guard->mounts &&
	       (!depth || guard_is_helper(guard, dentry->d_inode) || is_above(guard, dentry));
}

static __always_inline int check_cover(const struct cordon_guard *guard,
				       const struct dentry *dentry)
{
	if (!hides_ours(guard, dentry) || guard_is_us())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_COVER, CORDON_GUARD_OBJECT_MOUNT,
			    dentry->d_inode->i_ino, dentry->d_name.name);
}

/* What is moved has only a path here, which could be another one by the time the kernel follows it;
 * move_mount(2) has a hook of its own. */
static __always_inline int check_move(const struct cordon_guard *guard, const struct path *to)
{
	if (guard_mounts() != guard->mounts || guard_is_init() || guard_is_us())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_MOVE, CORDON_GUARD_OBJECT_MOUNT, 0,
			    BPF_CORE_READ(to, dentry, d_name.name));
}

/* Arguments: device, where, kind, flags, data. */
SEC("lsm/sb_mount")
int guard_mount(__u64 *arguments)
{
	const struct path *path = only_read(struct path, arguments[1]);
	const struct cordon_guard *guard = guard_stands();
	const __u64 flags = arguments[3];

	if (!guard || flags & MOUNT_PROPAGATION)
		return 0;
	if (flags & MOUNT_MOVE)
		return check_move(guard, path);
	if (!(flags & MOUNT_REMOUNT))
		return check_cover(guard, path->dentry);
	if (!is_mount(guard, path->mnt) || is_at_the_end(guard, path->dentry->d_sb) ||
	    guard_is_us())
		return 0;
	return refuse_mount(CORDON_GUARD_ACT_REMOUNT, path->mnt);
}

/* Arguments: what is moved, or was made to be mounted; where to. */
SEC("lsm/move_mount")
int guard_move_mount(__u64 *arguments)
{
	const struct path *from = only_read(struct path, arguments[0]);
	const struct path *to = only_read(struct path, arguments[1]);
	const struct cordon_guard *guard = guard_stands();

	if (!guard)
		return 0;
	if (is_mount(guard, from->mnt) && !guard_is_us())
		return refuse_mount(CORDON_GUARD_ACT_MOVE, from->mnt);
	return check_cover(guard, to->dentry);
}

SEC("lsm/sb_umount")
int guard_umount(__u64 *arguments)
{
	const struct vfsmount *mount = only_read(struct vfsmount, arguments[0]);
	const struct cordon_guard *guard = guard_stands();

	if (!guard || !is_mount(guard, mount) || is_at_the_end(guard, mount->mnt_sb) ||
	    guard_is_us())
		return 0;
	return refuse_mount(CORDON_GUARD_ACT_UNMOUNT, mount);
}

/* By fsconfig(2), too. */
SEC("lsm/sb_remount")
int guard_remount(__u64 *arguments)
{
	const struct super_block *super = (const void *)arguments[0];
	const struct cordon_guard *guard = guard_stands();

	if (!guard || !guard_is_near(guard, super->s_dev) || is_at_the_end(guard, super) ||
	    guard_is_us())
		return 0;
	return guard_refuse(CORDON_GUARD_ACT_REMOUNT, CORDON_GUARD_OBJECT_MOUNT, super->s_dev,
			    NULL);
}

SEC("lsm/sb_pivotroot")
int guard_pivot(__u64 *arguments)
{
	const struct path *to = (const void *)arguments[1];
	const struct cordon_guard *guard = guard_stands();

	if (!guard || guard_mounts() != guard->mounts || guard_is_init() || guard_is_us())
		return 0;
	return refuse_mount(CORDON_GUARD_ACT_COVER, to->mnt);
}

#endif
