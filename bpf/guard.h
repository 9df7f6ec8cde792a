/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard's programs have in common: who is ours, what is ours, and how it
 * is told that others tried.  Its maps are made and pinned when it is raised
 * (uapi/guard.h); until all of its programs are attached, `standing` is 0 and they
 * do nothing.
 *
 * Whoever is not ours is refused with EPERM, root or not.
 */
#ifndef CORDON_BPF_GUARD_H
#define CORDON_BPF_GUARD_H

#include <cordon/uapi/guard.h>

#include "path.h"
#include "socket.h"
#include "state.h"
#include "task.h"
#include "tried.h"

#define SIGNAL_KILL 9

#define EPERM 1
#define ENOENT 2

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_guard);
} cordon_guard SEC(".maps");

/* Of processes that are ours, or hold something of ours; no others have a value. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cordon_guard_task);
} guard_tasks SEC(".maps");

/* Maps, programs and links of ours, and families of generic netlink that are not the module's.
 * Full: cordon_guard.full counts it, and status says that what was made last is not guarded. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct cordon_guard_id);
	__type(value, __u32);
} guard_objects SEC(".maps");

/* Control groups that the daemon and its hand are in, and those above, by id; the value is 1. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, __u32);
} guard_cgroups SEC(".maps");

/* Refusals by act, told or not. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CORDON_GUARD_ACT_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} guard_refused SEC(".maps");

/** guard_find() - what it knows; NULL: never, but the verifier does not know that */
static __always_inline struct cordon_guard *guard_find(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&cordon_guard, &zero);
}

/** guard_stands() - NULL: it does not hold yet, or any more */
static __always_inline struct cordon_guard *guard_stands(void)
{
	struct cordon_guard *guard = guard_find();

	return guard && *(volatile __u32 *)&guard->standing ? guard : NULL;
}

static __always_inline struct cordon_guard_task *guard_task(struct task_struct *task)
{
	return bpf_task_storage_get(&guard_tasks, task->group_leader, 0, 0);
}

static __always_inline bool guard_is_ours(struct task_struct *task)
{
	const struct cordon_guard_task *value = guard_task(task);

	return value && value->ours;
}

/** guard_is_us() - who asks is ours, and nobody has changed what it runs since it was started */
static __always_inline bool guard_is_us(void)
{
	const struct cordon_guard_task *value = guard_task(bpf_get_current_task_btf());
	const struct cordon_guard *guard = guard_find();

	return value && value->ours && guard && value->probes == guard->probes;
}

static __always_inline bool guard_knows(__u32 kind, __u32 id)
{
	const struct cordon_guard_id key = { kind, id };

	return bpf_map_lookup_elem(&guard_objects, &key);
}

static __always_inline void guard_learn(struct cordon_guard *guard, __u32 kind, __u32 id)
{
	const struct cordon_guard_id key = { kind, id };
	const __u32 one = 1;

	if (bpf_map_update_elem(&guard_objects, &key, &one, BPF_ANY))
		__sync_fetch_and_add(&guard->full, 1);
}

/** guard_closed() - the latch is so tight that others may not change the kernel */
static __always_inline bool guard_closed(void)
{
	const struct cordon_control *held = find_control();
	const struct cordon_settings *settings;
	__u32 latch;

	if (!held)
		return false;
	latch = control_latch(held, bpf_ktime_get_ns());
	settings = find_settings(generation_slot(control_generation(held), latch));
	return latch >= (settings ? settings->kernel_closed_from : CORDON_LATCH_ISOLATE);
}

/** guard_latched() - at any level */
static __always_inline __u32 guard_latched(void)
{
	const struct cordon_control *held = find_control();

	return held ? control_latch(held, bpf_ktime_get_ns()) : 0;
}

/* The kernel cuts a name at its first zero, whatever is behind. */
static __always_inline bool guard_is_same(const char *name, const char *wanted, __u32 size)
{
	for (__u32 i = 0; i < size; i++) {
		if (name[i] != wanted[i])
			return false;
	}
	return true;
}

/** guard_is_named() - @wanted is a literal */
#define guard_is_named(name, wanted) guard_is_same(name, wanted, sizeof(wanted))

static __always_inline void guard_count(__u32 act)
{
	__u64 *count = bpf_map_lookup_elem(&guard_refused, &act);

	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline struct tried guard_try(__u16 act, __u16 object, __u64 number)
{
	struct tried tried = { .number = number, .act = act, .object = object };

	tried.latch = guard_latched();
	return tried;
}

/** guard_tell() - count it and tell it */
static __always_inline void guard_tell(const struct tried *tried)
{
	guard_count(tried->act);
	tried_tell(tried);
}

/** guard_refuse() - the end of every hook that refuses
 * @name: the kernel's, or NULL
 */
static __always_inline int guard_refuse(__u16 act, __u16 object, __u64 number, const void *name)
{
	struct tried tried = guard_try(act, object, number);

	if (name)
		bpf_probe_read_kernel_str(tried.name, sizeof(tried.name), name);
	guard_tell(&tried);
	return -EPERM;
}

/* ---- sockets ------------------------------------------------------------------------------ */

/* Families whose packets pass no device of the network's, or may pass it by: the numbers are RDS,
 * InfiniBand, Bluetooth, IUCV, ISDN, NFC, vsock, Qualcomm's IPC router, SMC. */
#define FAMILIES_PAST                                                                              \
	(1ULL << FAMILY_PACKET | 1ULL << FAMILY_XDP | 1ULL << 21 | 1ULL << 27 | 1ULL << 31 |       \
	 1ULL << 32 | 1ULL << 34 | 1ULL << 39 | 1ULL << 40 | 1ULL << 42 | 1ULL << 43)

/** guard_is_past() - sockets of this family send and receive past the packet path */
static __always_inline bool guard_is_past(__u32 family)
{
	return family < 64 && FAMILIES_PAST >> family & 1;
}

/* ---- namespaces --------------------------------------------------------------------------- */

/** guard_mounts() - number of the mount namespace of who asks; 0: it has none any more */
static __always_inline __u32 guard_mounts(void)
{
	const struct nsproxy *namespaces = task_namespaces(bpf_get_current_task_btf());

	return namespaces ? BPF_CORE_READ(namespaces, mnt_ns, ns.inum) : 0;
}

/** guard_is_init() - the first process of all: it starts and ends services, and the machine */
static __always_inline bool guard_is_init(void)
{
	return bpf_get_current_pid_tgid() >> 32 == 1;
}

/* ---- interfaces --------------------------------------------------------------------------- */

/* A policy's own namespace; 0: it does not say, and all are. */
static __always_inline bool guard_is_guarded(__u64 namespace)
{
	const struct cordon_control *held = find_control();
	const struct cordon_settings *settings;

	if (!held)
		return true;
	settings = find_settings(generation_slot(control_generation(held), latch_stored(held)));
	return !settings || !settings->netns || settings->netns == namespace;
}

/** guard_covered() - an interface that we cover, by its number in a namespace; NULL: it is none */
static __always_inline const struct cordon_interface *guard_covered(__u32 index, __u64 namespace)
{
	for (__u32 i = 0; index && i < CORDON_INTERFACE_PROBES; i++) {
		const __u32 key = (index + i) % CORDON_INTERFACES_MAX;
		const struct cordon_interface *found = bpf_map_lookup_elem(&interfaces, &key);

		if (found && found->ifindex == index)
			return found->hook && guard_is_guarded(namespace) ? found : NULL;
	}
	return NULL;
}

/* ---- files -------------------------------------------------------------------------------- */

static __always_inline bool guard_is_at(const struct cordon_guard_place *place,
					const struct inode *inode, __u64 device)
{
	return place->inode == inode->i_ino && place->device == device;
}

static __always_inline bool guard_is_near(const struct cordon_guard *guard, __u64 device)
{
	return guard->tree[0].device == device || guard->tree[1].device == device ||
	       guard->tree[2].device == device || guard->tree[3].device == device;
}
_Static_assert(CORDON_GUARD_TREES == 4, "all of them are asked");

static __always_inline bool guard_is_tree(const struct cordon_guard *guard,
					  const struct inode *inode, __u64 device)
{
	return guard_is_at(&guard->tree[0], inode, device) ||
	       guard_is_at(&guard->tree[1], inode, device) ||
	       guard_is_at(&guard->tree[2], inode, device) ||
	       guard_is_at(&guard->tree[3], inode, device);
}

#define GUARD_NOT_INSIDE (-1)

/**
 * guard_depth() - how deep in one of our folders a name is: 0: it is the folder
 * Return: NOT_INSIDE: in none, or in the inbox, where others may do as they like.
 */
static __always_inline int guard_depth(const struct cordon_guard *guard,
				       const struct dentry *dentry)
{
	const __u64 device = dentry->d_sb->s_dev;

	if (!guard_is_near(guard, device))
		return GUARD_NOT_INSIDE;
#pragma unroll
	for (int i = 0; i <= CORDON_GUARD_DEPTH; i++) {
		const struct inode *inode = dentry->d_inode;

		if (inode && guard_is_tree(guard, inode, device))
			return i;
		if (i && inode && guard_is_at(&guard->inbox, inode, device))
			return GUARD_NOT_INSIDE;
		dentry = dentry->d_parent;
	}
	return GUARD_NOT_INSIDE;
}

static __always_inline bool guard_is_helper(const struct cordon_guard *guard,
					    const struct inode *inode)
{
	return inode && guard_is_at(&guard->helper, inode, inode->i_sb->s_dev);
}

/** guard_runs_helper() - whose memory it is has started the helper, ours or not */
static __always_inline bool guard_runs_helper(const struct cordon_guard *guard,
					      const struct mm_struct *mm)
{
	const struct inode *inode = BPF_CORE_READ(mm, exe_file, f_inode);

	return inode && BPF_CORE_READ(inode, i_ino) == guard->helper.inode &&
	       BPF_CORE_READ(inode, i_sb, s_dev) == guard->helper.device;
}

#endif
