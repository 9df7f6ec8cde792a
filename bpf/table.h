/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One way to read the tables of a policy, in the kernel and on the host, so
 * that the code that decides is the same in both.  On the host a table is
 * memory; in BPF its first elements are (struct cordon_head), which need no
 * call to be read, and the rest an inner array map.  It must not know what a
 * table holds, and must not write to one.
 */
#ifndef CORDON_BPF_TABLE_H
#define CORDON_BPF_TABLE_H

#include <linux/types.h>

#ifdef __bpf__
#include <bpf/bpf_helpers.h>
#define TABLE_HAS_TAIL
#endif

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/**
 * struct cordon_table - one table of one generation
 * @cells: @count elements of @size bytes, without holes
 * @outer: array of maps; the inner one in @slot has all elements, those in
 *	@cells included.  The compiler knows the other two then, and @count is a
 *	power of two
 */
struct cordon_table {
	const void *cells;
	__u32 count;
	__u32 size;
#ifdef TABLE_HAS_TAIL
	void *outer;
	__u32 slot;
#endif
};

typedef const struct cordon_table *table_handle;

/**
 * table_at() - one element of a table
 * @index: checked against the number of elements
 * Return: the element, NULL beyond the end.
 */
#ifdef TABLE_HAS_TAIL
static __always_inline const void *table_at(table_handle table, __u32 index)
{
	__u32 place = index, slot = table->slot;
	void *inner;

	if (index >= table->count) {
		inner = bpf_map_lookup_elem(table->outer, &slot);
		return inner ? bpf_map_lookup_elem(inner, &index) : (void *)0;
	}
	/* For the verifier, which may not have followed the comparison. */
	barrier_var(place);
	return (const char *)table->cells + (__u64)(place & (table->count - 1)) * table->size;
}
#else
static __always_inline const void *table_at(table_handle table, __u32 index)
{
	if (index >= table->count)
		return (const void *)0;
	return (const char *)table->cells + (__u64)index * table->size;
}
#endif

/* Keeps clang from adding @index to an element before it is known not to be
 * NULL, which the verifier refuses: stands between the check and the use. */
#ifdef __bpf__
#define table_checked(index) barrier_var(index)
#else
#define table_checked(index) ((void)(index))
#endif

#endif
