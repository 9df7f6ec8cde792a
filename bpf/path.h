/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is read of the kernel's structs of files, folders and mounts (CO-RE: only
 * the fields named here, 6.1 to 6.18).
 */
#ifndef CORDON_BPF_PATH_H
#define CORDON_BPF_PATH_H

#include "core.h"
#include "list.h"

/* Of @f_mode: FMODE_WRITE; FMODE_READ with FMODE_ATOMIC_POS, which regular files and folders alone
 * have: no more is known of an open that only reads when security modules are asked (do_dentry_open
 * of fs/open.c). */
#define MODE_WRITE 2
#define MODE_PLAINLY_READ 0x8001

/* Of @i_mode: include/uapi/linux/stat.h */
#define KIND_MASK 0170000
#define KIND_SOCKET 0140000
#define KIND_BLOCK 0060000
#define KIND_CHARACTER 0020000

/* Of @s_magic: include/uapi/linux/magic.h */
#define PROC_MAGIC 0x9fa0
#define SOCKET_MAGIC 0x534f434b
#define ANONYMOUS_MAGIC 0x09041934

struct cred;

struct qstr {
	__u32 hash;
	__u32 len;
	const unsigned char *name;
} __attribute__((preserve_access_index));

struct super_block {
	__u32 s_dev;
	unsigned long s_magic;
} __attribute__((preserve_access_index));

struct inode {
	unsigned short i_mode;
	__u32 i_rdev;
	unsigned long i_ino;
	struct super_block *i_sb;
	struct hlist_head i_dentry;
} __attribute__((preserve_access_index));

/* @d_u: of an inode's names, each the next one's neighbour */
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
	union {
		struct hlist_node d_alias;
	} d_u;
} __attribute__((preserve_access_index));

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
} __attribute__((preserve_access_index));

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	int mnt_id;
} __attribute__((preserve_access_index));

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
} __attribute__((preserve_access_index));

struct fs_struct {
	struct path root;
	struct path pwd;
} __attribute__((preserve_access_index));

struct file_operations;

struct file {
	unsigned int f_mode;
	const struct file_operations *f_op;
	void *private_data;
	struct inode *f_inode;
	const struct cred *f_cred;
	struct path f_path;
} __attribute__((preserve_access_index));

/** mount_of() - what a mount is, beside what all may see of it */
static __always_inline const struct mount *mount_of(const struct vfsmount *mount)
{
	return (const void *)mount - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline bool is_named(const struct dentry *dentry, const char *name, __u32 size)
{
	char found[16] = { 0 };

	bpf_probe_read_kernel_str(found, sizeof(found), BPF_CORE_READ(dentry, d_name.name));
	for (__u32 i = 0; i < size; i++) {
		if (found[i] != name[i])
			return false;
	}
	return true;
}

/** IS_NAMED() - whether that is the name of @dentry; it has at most 15 letters */
#define IS_NAMED(dentry, text) is_named(dentry, text, sizeof(text))
/** IS_PREFIX() - whether its name begins with that */
#define IS_PREFIX(dentry, text) is_named(dentry, text, sizeof(text) - 1)

#endif
