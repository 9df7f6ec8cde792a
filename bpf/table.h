/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One way to read the tables of a policy, in the kernel and on the host, so
 * that the code that decides is the same in both.  In BPF a table is an array
 * map that the caller has already looked up (an inner map of one generation);
 * on the host it is memory.  It must not know what a table holds, and must not
 * write to one.
 */
#ifndef CORDON_BPF_TABLE_H
#define CORDON_BPF_TABLE_H

#include <linux/types.h>

#ifdef __bpf__

#include <bpf/bpf_helpers.h>

typedef void *table_handle;

/**
 * table_at() - one element of a table
 * @table: not NULL
 * @index: checked against the number of elements
 * Return: the element, NULL beyond the end.
 */
static __always_inline const void *table_at(table_handle table, __u32 index)
{
	return bpf_map_lookup_elem(table, &index);
}

/* Keeps clang from adding @index to an element before it is known not to be
 * NULL, which the verifier refuses: stands between the check and the use. */
#define table_checked(index) barrier_var(index)

#else

#define table_checked(index) ((void)(index))

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/**
 * struct cordon_table - a table in memory
 * @cells: @count elements of @size bytes, without holes
 */
struct cordon_table {
	const void *cells;
	__u32 count;
	__u32 size;
};

typedef const struct cordon_table *table_handle;

static __always_inline const void *table_at(table_handle table, __u32 index)
{
	if (index >= table->count)
		return (const void *)0;
	return (const char *)table->cells + (__u64)index * table->size;
}

#endif

#endif
