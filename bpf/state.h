/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is in force: the active generation and latch level, and their tables.
 * Packet hooks and call hooks find them here.  Reads maps, decides nothing.
 */
#ifndef CORDON_BPF_STATE_H
#define CORDON_BPF_STATE_H

#include "core.h"
#include "maps.h"
#include "verdict.h"

static __always_inline __u32 control_generation(const struct cordon_control *control)
{
	const __u64 confirm_by = *(const volatile __u64 *)&control->confirm_by;

	if (unlikely(confirm_by) && bpf_ktime_get_ns() >= confirm_by)
		return *(const volatile __u32 *)&control->former;
	return *(const volatile __u32 *)&control->generation;
}

/* @any: a number that the verifier does not know: see struct cordon_held */
static __always_inline __u32 latch_of_module(__u32 any)
{
	const struct cordon_held *held;
	__u32 zero = 0;

	held = bpf_map_lookup_elem(&module_latch, &zero);
	return held ? *(const volatile __u32 *)&held->level[any & 1] % CORDON_LATCH_LEVELS : 0;
}

/* The tighter of what the pinned map and the module hold. */
static __always_inline __u32 latch_stored(const struct cordon_control *control)
{
	const __u32 latch = *(const volatile __u32 *)&control->latch;
	const __u32 held = latch_of_module(latch);

	return held > latch % CORDON_LATCH_LEVELS ? held : latch % CORDON_LATCH_LEVELS;
}

/* @time: nanoseconds of CLOCK_MONOTONIC_COARSE */
static __always_inline __u32 control_latch(const struct cordon_control *control, __u64 time)
{
	const __u64 lease_by = *(const volatile __u64 *)&control->lease_by;
	const __u32 latch = latch_stored(control);
	__u32 lapsed;

	if (likely(!lease_by) || likely(time < lease_by))
		return latch;
	lapsed = *(const volatile __u32 *)&control->lease_latch % CORDON_LATCH_LEVELS;
	return latch > lapsed ? latch : lapsed;
}

static __always_inline __u32 generation_slot(__u32 generation, __u32 latch)
{
	return (generation & 1) * CORDON_LATCH_LEVELS + latch;
}

static __always_inline const struct cordon_control *find_control(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&control, &zero);
}

/* NULL: no policy was ever loaded */
static __always_inline const struct cordon_settings *find_settings(__u32 slot)
{
	void *settings = bpf_map_lookup_elem(&settings_of, &slot);
	__u32 zero = 0;

	return settings ? bpf_map_lookup_elem(settings, &zero) : NULL;
}

static __always_inline const struct cordon_head *find_head(__u32 slot)
{
	void *head = bpf_map_lookup_elem(&head_of, &slot);
	__u32 zero = 0;

	return head ? bpf_map_lookup_elem(head, &zero) : NULL;
}

#define TABLE_IN_SLOT(outer, slot, head)                                                           \
	(struct cordon_table)                                                                      \
	{                                                                                          \
		head, sizeof(head) / sizeof((head)[0]), sizeof((head)[0]), outer, slot             \
	}

/* For callers that inline it, or look-ups go by memory. */
static __always_inline bool tables_in_slot(__u32 slot, const struct cordon_settings *settings,
					   struct tables *tables)
{
	const struct cordon_head *head = find_head(slot);

	if (!settings || !head)
		return false;
	tables->settings = settings;
	tables->prefixes = TABLE_IN_SLOT(&prefixes_of, slot, head->prefixes);
	tables->matrix = TABLE_IN_SLOT(&matrix_of, slot, head->matrix);
	tables->pages = TABLE_IN_SLOT(&pages_of, slot, head->pages);
	tables->classes = TABLE_IN_SLOT(&classes_of, slot, head->classes);
	return true;
}

/* Steps of a search that are done at once. */
#define PREFIX_STRIDE 8

/* Without the head: a long search is in few pages, and the verifier's half as long. */
VERIFIED_APART __u32 prefix_narrow_in_slot(__u32 slot, __u32 first, __u32 count, __u32 word)
{
	const struct cordon_table table = { .outer = &prefixes_of, .slot = slot };
	struct prefix_cursor cursor = { &table, (const void *)0, ~0U };

	return prefix_narrow(&cursor, first, count, word, PREFIX_STRIDE);
}

VERIFIED_APART __u32 prefix_bisect_in_slot(__u32 slot, __u32 first, __u32 count, __u32 word)
{
	const struct cordon_table table = { .outer = &prefixes_of, .slot = slot };
	struct prefix_cursor cursor = { &table, (const void *)0, ~0U };

	return prefix_bisect(&cursor, first, count, word, PREFIX_STRIDE);
}

/* Most searches end in one stride, and look up no page twice. */
static __always_inline __u32 prefix_search_in_slot(__u32 slot, __u32 first, __u32 count, __u32 word)
{
	PREFIX_ROLLED
	for (__u32 i = PREFIX_STRIDE; i < CORDON_PREFIX_SEARCH_MAX && count > 1 << PREFIX_STRIDE;
	     i += PREFIX_STRIDE) {
		first = prefix_narrow_in_slot(slot, first, count, word);
		if (first == PREFIX_BROKEN)
			return PREFIX_BROKEN;
		/* As so many halves leave. */
		count = (count >> PREFIX_STRIDE) + !!(count & ((1 << PREFIX_STRIDE) - 1));
	}
	return prefix_bisect_in_slot(slot, first, count, word);
}

static __always_inline __u32 prefix_search(table_handle table, __u32 first, __u32 count, __u32 word)
{
	return prefix_search_in_slot(table->slot, first, count, word);
}

static __always_inline bool prefixes_in_slot(__u32 slot, const struct cordon_settings *settings,
					     struct tables *tables)
{
	const struct cordon_head *head = find_head(slot);

	if (!settings || !head)
		return false;
	tables->settings = settings;
	tables->prefixes = TABLE_IN_SLOT(&prefixes_of, slot, head->prefixes);
	return true;
}

VERIFIED_APART __u32 zone4_in_slot(__u32 slot, const struct cordon_settings *settings,
				   __u32 address)
{
	struct tables tables;

	if (!prefixes_in_slot(slot, settings, &tables))
		return PREFIX_BROKEN;
	return prefix_find4(&tables.prefixes, &settings->ipv4, address, 0);
}

VERIFIED_APART __u32 zone6_in_slot(__u32 slot, const struct cordon_settings *settings,
				   const struct cordon_address *address)
{
	struct tables tables;

	if (!address || !prefixes_in_slot(slot, settings, &tables))
		return PREFIX_BROKEN;
	return verdict_zone6(&tables, address);
}

/* As verdict_zone(); with one function for both the stack would be too small for 6.1. */
static __always_inline __u32 zone_in_slot(__u32 slot, const struct cordon_settings *settings,
					  const struct cordon_address *address)
{
	return address_is_ipv4(address) ? zone4_in_slot(slot, settings, address_word(address, 3)) :
					  zone6_in_slot(slot, settings, address);
}

/* Before 6.2 a map's key may not lie in memory that a function was given. */
VERIFIED_APART __u32 is_own_address(const struct cordon_address *address)
{
	struct address_words key;

	if (!address)
		return false;
	key = address_words(address);
	return bpf_map_lookup_elem(&local_addresses, &key) != NULL;
}

/* Who owns a cgroup: a workload or just the node. */
VERIFIED_APART __u32 cgroup_identity(__u32 generation, __u64 cgroup)
{
	const struct cordon_workload *workload;

	workload = bpf_map_lookup_elem(&workload_cgroups, &cgroup);
	if (!workload || !workload->identity[generation & 1])
		return CORDON_IDENTITY_NODE;
	return workload->identity[generation & 1];
}

#endif
