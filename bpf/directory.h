/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The working directory as its process sees it: names up to its root, across
 * mounts.  A path that is too long or too deep loses its beginning, and then
 * begins with no slash.
 *
 * Nothing is locked: what is renamed meanwhile may be told by either name.
 */
#ifndef CORDON_BPF_DIRECTORY_H
#define CORDON_BPF_DIRECTORY_H

#include <cordon/uapi/process.h>

#include "path.h"
#include "task.h"

/* Names and mounts that are followed; a power of two. */
#define DIRECTORY_DEPTH 32

struct place {
	const struct vfsmount *mount;
	const struct dentry *dentry;
};

/**
 * struct directory - names from the last to the first
 * @place: where it begins, and then how far it was followed
 * @root: of the process
 * @size: of the path so far: its names, each with the slash before it
 * @cut: its beginning is missing
 */
struct directory {
	struct place place;
	struct place root;
	__u32 nr;
	__u16 size;
	__u16 cut;
	struct {
		const unsigned char *text;
		__u64 size;
	} name[DIRECTORY_DEPTH];
};

/* Return: false: there is nothing above */
static __always_inline bool leave_mount(struct place *place)
{
	const struct mount *mount =
		(const void *)place->mount - bpf_core_field_offset(struct mount, mnt);
	const struct mount *parent = BPF_CORE_READ(mount, mnt_parent);

	if (parent == mount)
		return false;
	place->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
	place->mount = (const void *)parent + bpf_core_field_offset(struct mount, mnt);
	return true;
}

/* Return: false: it does not fit any more */
static __always_inline bool note_name(struct directory *directory, const struct dentry *dentry)
{
	const __u32 nr = directory->nr, left = CORDON_PATH_TEXT - 1 - directory->size;
	struct qstr name;

	bpf_core_read(&name, sizeof(name), &dentry->d_name);
	if (nr >= DIRECTORY_DEPTH || name.len >= left)
		return false;
	directory->name[nr].text = name.name;
	directory->name[nr].size = name.len;
	directory->size += name.len + 1;
	directory->nr = nr + 1;
	return true;
}

/* Return: false: the path is whole, or cut */
static __always_inline bool go_up(struct directory *directory, struct place *place)
{
	const struct vfsmount *mount = place->mount;
	const struct dentry *dentry = place->dentry;
	const struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

	if (dentry == BPF_CORE_READ(mount, mnt_root))
		return leave_mount(place);
	/* The root of a file system that is mounted no more. */
	if (parent == dentry)
		return false;
	if (!note_name(directory, dentry)) {
		directory->cut = true;
		return false;
	}
	place->dentry = parent;
	return true;
}

/** directory_begin() - at the working directory of a process */
static __always_inline void directory_begin(struct directory *directory, const struct fs_struct *fs)
{
	directory->place.mount = fs->pwd.mnt;
	directory->place.dentry = fs->pwd.dentry;
	directory->root.mount = fs->root.mnt;
	directory->root.dentry = fs->root.dentry;
	directory->nr = 0;
	directory->size = 0;
	directory->cut = false;
}

/** directory_follow() - what its path consists of. Return: nothing of use */
VERIFIED_APART __u32 directory_follow(struct directory *directory)
{
	struct place place;

	if (!directory)
		return 0;
	place = directory->place;
	for (int i = 0; i < 2 * DIRECTORY_DEPTH; i++) {
		if (place.dentry == directory->root.dentry && place.mount == directory->root.mount)
			return 0;
		if (!go_up(directory, &place))
			return 0;
	}
	directory->cut = true;
	return 0;
}

/** struct directory_text - room for a path, and for what is written behind it before it is cut */
struct directory_text {
	char bytes[2 * CORDON_PATH_TEXT];
};

/** directory_write() - the path, with its NUL. Return: its size, at most CORDON_PATH_TEXT */
VERIFIED_APART __u32 directory_write(const struct directory *directory, struct directory_text *text)
{
	__u32 at = 0;

	if (!directory || !text)
		return 0;
	for (__u32 i = 0; i < DIRECTORY_DEPTH && i < directory->nr; i++) {
		const __u32 index = (directory->nr - 1 - i) % DIRECTORY_DEPTH;
		const __u64 size = directory->name[index].size % CORDON_PATH_TEXT;

		at %= CORDON_PATH_TEXT;
		if (i || !directory->cut)
			text->bytes[at++] = '/';
		bpf_probe_read_kernel(text->bytes + at, size, directory->name[index].text);
		at += size;
	}
	at %= CORDON_PATH_TEXT;
	if (!at && !directory->cut)
		text->bytes[at++] = '/';
	text->bytes[at] = '\0';
	return at + 1;
}

#endif
