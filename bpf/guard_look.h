/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is behind a descriptor of who asks, as the kernel's own structs name it:
 * stat(2) tells other numbers of an overlay, and says nothing of mounts.  Run by who
 * holds the program (bpf(2), BPF_PROG_TEST_RUN); it changes nothing.
 */
#ifndef CORDON_BPF_GUARD_LOOK_H
#define CORDON_BPF_GUARD_LOOK_H

#include "guard.h"

/* Where a path goes on above. What has no name is in no folder, and the root of all is the end.
 * Return: false: nowhere */
static __always_inline bool go_above(const struct vfsmount **mount, const struct dentry **dentry)
{
	const struct vfsmount *at = *mount;
	const struct dentry *name = *dentry;
	const struct mount *of = mount_of(at), *parent = BPF_CORE_READ(of, mnt_parent);

	if (name != BPF_CORE_READ(at, mnt_root)) {
		*dentry = BPF_CORE_READ(name, d_parent);
		return *dentry != name;
	}
	*dentry = BPF_CORE_READ(of, mnt_mountpoint);
	*mount = (const void *)parent + bpf_core_field_offset(struct mount, mnt);
	return parent != of;
}

SEC("syscall")
int guard_look(struct cordon_guard_look *look)
{
	const struct file *file = task_file(look->fd);
	const struct vfsmount *mount;
	const struct dentry *dentry;
	bool more = true;

	if (!file)
		return 1;
	look->operations = (__u64)BPF_CORE_READ(file, f_op);
	look->mounts = guard_mounts();
	for (int i = 0; i < CORDON_GUARD_CGROUPS; i++)
		look->cgroup[i] = bpf_get_current_ancestor_cgroup_id(i + 1);
	mount = BPF_CORE_READ(file, f_path.mnt);
	dentry = BPF_CORE_READ(file, f_path.dentry);
	look->steps = 0;
#pragma unroll
	for (int i = 0; i < CORDON_GUARD_STEPS; i++) {
		if (more) {
			look->step[i].place.device = BPF_CORE_READ(dentry, d_sb, s_dev);
			look->step[i].place.inode = BPF_CORE_READ(dentry, d_inode, i_ino);
			look->step[i].mount = BPF_CORE_READ(mount_of(mount), mnt_id);
			look->steps = i + 1;
			more = go_above(&mount, &dentry);
		}
	}
	return more ? 2 : 0;
}

#endif
