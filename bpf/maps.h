/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map, with its size and what happens when it is full.  All objects
 * include this file; the loader gives them one set of maps, pinned by name.
 *
 * Arrays of maps are indexed by slot (uapi/policy.h).  Their inner maps are
 * mmapable, so that a generation of any size is filled without a system call
 * a cell, and but for `settings` and `head` of a size that follows the policy.
 */
#ifndef CORDON_BPF_MAPS_H
#define CORDON_BPF_MAPS_H

#include <cordon/uapi/connection.h>
#include <cordon/uapi/flow.h>
#include <cordon/uapi/module.h>
#include <cordon/uapi/policy.h>
#include <cordon/uapi/reason.h>
#include <cordon/uapi/record.h>

#include "core.h"

/* 80 bytes.  Which generation and latch level are in force. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_control);
} control SEC(".maps");

/* 8 bytes.  The latch as the kernel module holds it, which alone writes here: frozen for everybody
 * else.  Without the module it stays open. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_held);
} module_latch SEC(".maps");

/* No BPF_F_INNER_MAP: of one size, so that the look-up is inlined. */
struct settings_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_settings);
};

/* 74 KB.  The same. */
struct head_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_head);
};

#define CORDON_INNER_MAP(name, type_of_value)                                                      \
	struct name {                                                                              \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);                               \
		__uint(max_entries, 1);                                                            \
		__type(key, __u32);                                                                \
		__type(value, type_of_value);                                                      \
	}

#define CORDON_OUTER_MAP(inner)                                                                    \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                          \
		__uint(max_entries, CORDON_SLOTS);                                                 \
		__type(key, __u32);                                                                \
		__array(values, inner);                                                            \
	}

/* Never called.  clang leaves out of BTF what only an inner map's value names;
 * a parameter keeps it in. */
static __attribute__((used)) __u32 keep_types(const struct cordon_settings *settings,
					      const struct cordon_head *head)
{
	return settings->flags + head->matrix[0].page;
}

static __attribute__((used)) __u64 keep_flow_types(const struct cordon_flow_bucket *bucket)
{
	return bucket->flow[0].tag;
}

static __attribute__((used)) __u64 keep_note_types(const struct cordon_note_bucket *bucket)
{
	return bucket->note[0].start;
}

CORDON_INNER_MAP(prefixes_map, struct cordon_prefix_page);
CORDON_INNER_MAP(matrix_map, struct cordon_cell);
CORDON_INNER_MAP(pages_map, struct cordon_page);
CORDON_INNER_MAP(classes_map, struct cordon_class);
CORDON_INNER_MAP(flows_map, struct cordon_flow_bucket);
CORDON_INNER_MAP(notes_map, struct cordon_note_bucket);

CORDON_OUTER_MAP(struct settings_map) settings_of SEC(".maps");
CORDON_OUTER_MAP(struct head_map) head_of SEC(".maps");
CORDON_OUTER_MAP(struct prefixes_map) prefixes_of SEC(".maps");
CORDON_OUTER_MAP(struct matrix_map) matrix_of SEC(".maps");
CORDON_OUTER_MAP(struct pages_map) pages_of SEC(".maps");
CORDON_OUTER_MAP(struct classes_map) classes_of SEC(".maps");
/* Full: see uapi/flow.h for which flow gives way. */
CORDON_OUTER_MAP(struct flows_map) flows_of SEC(".maps");
/* As many buckets as flows, 1088 bytes each; one, of which nothing is told, where the policy wants
 * none. */
CORDON_OUTER_MAP(struct notes_map) notes_of SEC(".maps");

/* For people: what an identity is called.  Replaced with each generation. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CORDON_IDENTITIES_MAX);
	__type(key, __u32);
	__type(value, struct cordon_zone);
} zones SEC(".maps");

/* For people: what a rule slot is called, 160 bytes each. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CORDON_RULE_SLOTS);
	__type(key, __u32);
	__type(value, struct cordon_rule);
} rules SEC(".maps");

/* Packets and bytes by rule slot, 48 bytes each and CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CORDON_RULE_SLOTS);
	__type(key, __u32);
	__type(value, struct cordon_counter);
} counters SEC(".maps");

/* Packets and bytes denied, by reason. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CORDON_REASON_COUNT);
	__type(key, __u32);
	__type(value, struct cordon_counter);
} reasons SEC(".maps");

/* Covered interfaces, open addressing.  Full: the loader says which interface
 * found no place; it is covered all the same, as class 0 and uncounted. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CORDON_INTERFACES_MAX);
	__type(key, __u32);
	__type(value, struct cordon_interface);
} interfaces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CORDON_INTERFACES_MAX);
	__type(key, __u32);
	__type(value, struct cordon_interface_counter);
} interface_counts SEC(".maps");

/* Full: a VLAN child without a place is judged by its parent's class. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CORDON_VLANS_MAX);
	__type(key, struct cordon_vlan_key);
	__type(value, struct cordon_vlan);
} vlans SEC(".maps");

/* The node's own addresses.  Full: the routing table is asked instead. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CORDON_LOCAL_ADDRESSES_MAX);
	__type(key, struct cordon_address);
	__type(value, __u32);
} local_addresses SEC(".maps");

/* Which unit or path is which workload. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CORDON_WORKLOAD_PATHS_MAX);
	__type(key, struct cordon_workload_path);
	__type(value, struct cordon_workload);
} workload_paths SEC(".maps");

/* cgroup id to workload.  Full: the cgroup has no identity but the node's,
 * which may do less, and losses counts it. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, CORDON_WORKLOAD_CGROUPS_MAX);
	__type(key, __u64);
	__type(value, struct cordon_workload);
} workload_cgroups SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cordon_overtaken);
} overtaken SEC(".maps");

/* Denials between two records; see uapi/record.h. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CORDON_DENIAL_SLOTS);
	__type(key, __u32);
	__type(value, struct cordon_denial);
} denials SEC(".maps");

/* Who made a socket, 32 bytes and the kernel's own for each. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cordon_owner);
} owners SEC(".maps");

#endif
