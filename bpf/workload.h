/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which cgroup is which workload, kept right by the kernel itself: a cgroup
 * that is made is looked up by its name or path, or inherits from its parent;
 * one that goes is forgotten.  No daemon takes part.  Never decides anything.
 *
 * A unit is known by its name only where every cgroup above it is a slice:
 * systemd makes it there, and an unprivileged user, whose own cgroups lie
 * below user@UID.service, cannot take a service's name.
 */
#ifndef CORDON_BPF_WORKLOAD_H
#define CORDON_BPF_WORKLOAD_H

#include "core.h"
#include "maps.h"

/* Slices may nest ("a-b-c.slice"); deeper than this nothing is recognised. */
#define SLICES_MAX 16
#define SLICE_SUFFIX ".slice"
#define SLICE_SUFFIX_SIZE (sizeof(SLICE_SUFFIX) - 1)

/* One page of a cgroup's names, too long for the stack. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_workload_path);
} cgroup_names SEC(".maps");

/* The kernel's structs are read by a helper: for each pointer that a program follows by itself,
 * the verifier searches all types of the kernel by name, a millisecond or more. */

/* cgroup2 has hierarchy 0, the old hierarchies count from 1. */
static __always_inline bool in_cgroup2(const struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, root, hierarchy_id) == 0;
}

static __always_inline bool read_name(const struct cgroup *cgroup,
				      struct cordon_workload_path *name, long *ret_size)
{
	__builtin_memset(name, 0, sizeof(*name));
	*ret_size = bpf_probe_read_kernel_str(name->path, sizeof(name->path),
					      BPF_CORE_READ(cgroup, kn, name));
	return *ret_size > 1 && *ret_size < CORDON_CGROUP_PATH_SIZE;
}

static __always_inline bool is_slice(const struct cordon_workload_path *name, long size)
{
	char suffix[SLICE_SUFFIX_SIZE + 1] = {};
	/* @size counts the NUL */
	const __u32 start = (__u32)size - 1 - SLICE_SUFFIX_SIZE;

	if (size <= (long)SLICE_SUFFIX_SIZE + 1 || start >= CORDON_CGROUP_PATH_SIZE)
		return false;
	bpf_probe_read_kernel_str(suffix, sizeof(suffix), name->path + start);
	for (__u32 i = 0; i < SLICE_SUFFIX_SIZE; i++) {
		if (suffix[i] != SLICE_SUFFIX[i])
			return false;
	}
	return true;
}

static __always_inline bool only_slices_above(const struct cgroup *cgroup,
					      struct cordon_workload_path *name)
{
	const struct cgroup_subsys_state *above = BPF_CORE_READ(cgroup, self.parent), *next;
	long size;

	for (int i = 0; i < SLICES_MAX; i++) {
		if (!above)
			return false;
		next = BPF_CORE_READ(above, parent);
		if (!next) /* the root */
			return true;
		if (!read_name(BPF_CORE_READ(above, cgroup), name, &size) || !is_slice(name, size))
			return false;
		above = next;
	}
	return false;
}

static __always_inline struct cordon_workload *find_by_path(const char *path,
							    struct cordon_workload_path *name)
{
	__builtin_memset(name, 0, sizeof(*name));
	if (bpf_probe_read_kernel_str(name->path, sizeof(name->path), path) <= 1)
		return NULL;
	return bpf_map_lookup_elem(&workload_paths, name);
}

static __always_inline struct cordon_workload *find_by_unit(const struct cgroup *cgroup,
							    struct cordon_workload_path *name)
{
	struct cordon_workload *found;
	long size;

	if (!read_name(cgroup, name, &size))
		return NULL;
	found = bpf_map_lookup_elem(&workload_paths, name);
	return found && only_slices_above(cgroup, name) ? found : NULL;
}

static __always_inline struct cordon_workload *find_by_parent(const struct cgroup *cgroup)
{
	const struct cgroup_subsys_state *above = BPF_CORE_READ(cgroup, self.parent);
	__u64 id;

	if (!above)
		return NULL;
	id = BPF_CORE_READ(above, cgroup, kn, id);
	return bpf_map_lookup_elem(&workload_cgroups, &id);
}

/** workload_learn() - a cgroup was made at @path below the mount */
static __always_inline int workload_learn(const struct cgroup *cgroup, const char *path)
{
	struct cordon_workload_path *name;
	struct cordon_workload *found, copy;
	__u64 id = BPF_CORE_READ(cgroup, kn, id);
	__u32 zero = 0;

	name = bpf_map_lookup_elem(&cgroup_names, &zero);
	if (!name || !in_cgroup2(cgroup))
		return 0;
	found = find_by_path(path, name);
	if (!found)
		found = find_by_unit(cgroup, name);
	if (!found)
		found = find_by_parent(cgroup);
	if (!found)
		return 0;
	copy = *found;
	bpf_map_update_elem(&workload_cgroups, &id, &copy, BPF_ANY);
	return 0;
}

/** workload_forget() - a cgroup is gone */
static __always_inline int workload_forget(const struct cgroup *cgroup)
{
	__u64 id = BPF_CORE_READ(cgroup, kn, id);

	if (in_cgroup2(cgroup))
		bpf_map_delete_elem(&workload_cgroups, &id);
	return 0;
}

#endif
