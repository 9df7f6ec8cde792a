/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Longest prefix match on the prefix table of a generation: which zone is an
 * address in?  It must not know what a zone may do, and must not change the
 * table.  userspace/prefix_table.c builds what is read here.
 *
 * The structure is that of DXR (M. Zec, L. Rizzo, M. Mikuc: "DXR: towards a
 * billion routing lookups per second in software", ACM SIGCOMM Computer
 * Communication Review 42(5), 2012).  Nested prefixes are flattened into
 * ranges that do not overlap, sorted by their start.  The first bits of a
 * 32-bit word pick a direct cell, which holds the result, or which part of the
 * ranges to search by bisection: that part starts with the range that covers
 * the first word of the cell.  An IPv6 address is up to four such words, each
 * with a table of its own below a range of the one before.
 */
#ifndef CORDON_BPF_PREFIX_H
#define CORDON_BPF_PREFIX_H

#include <cordon/uapi/policy.h>

#include "table.h"

/* The table contradicts itself: no identity, the caller must deny. */
#define PREFIX_BROKEN 0xffffffffU

/* The programs must stay small: left alone, clang would unroll. */
#ifdef __clang__
#define PREFIX_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define PREFIX_ROLLED
#endif

/* Last range of @count from @first that starts at or before @word. */
static __always_inline __u32 prefix_bisect(table_handle table, __u32 first, __u32 count,
					   __u32 word)
{
	const struct cordon_prefix_cell *cell;
	__u32 result = 0, half, i;

	PREFIX_ROLLED
	for (i = 0; i < CORDON_PREFIX_SEARCH_MAX && count > 1; i++) {
		half = count / 2;
		cell = table_at(table, first + half);
		if (!cell)
			return PREFIX_BROKEN;
		if (cell->first > word) {
			count = half;
			continue;
		}
		result = cell->second;
		first += half;
		count -= half;
	}
	if (result)
		return result;
	cell = table_at(table, first);
	return cell ? cell->second : PREFIX_BROKEN;
}

/* The result of one word: with CORDON_PREFIX_RESULT, or PREFIX_BROKEN. */
static __always_inline __u32 prefix_word(table_handle table, __u32 direct, __u32 bits, __u32 word)
{
	const struct cordon_prefix_cell *cell;

	cell = table_at(table, direct + (__u32)((__u64)word >> ((32 - bits) & 63)));
	if (!cell)
		return PREFIX_BROKEN;
	if (cell->second & CORDON_PREFIX_RESULT)
		return cell->second;
	return prefix_bisect(table, cell->first, cell->second, word);
}

/* Which bits of @word, the nth of an address, a prefix of @length bits takes part in. */
static __always_inline __u32 prefix_mask(__u32 length, __u32 word)
{
	if (length >= 32 * (word + 1))
		return ~0U;
	if (length <= 32 * word)
		return 0;
	return ~0U << ((32 * (word + 1) - length) & 31);
}

/* The single prefix at @index, of @length bits, that goes on from here. */
static __always_inline __u32 prefix_lone(table_handle table, __u32 index, __u32 length,
					 const __u32 word[CORDON_PREFIX_WORDS_MAX])
{
	const struct cordon_prefix_cell *middle = table_at(table, index + 1);
	const struct cordon_prefix_cell *end = table_at(table, index + 2);
	const struct cordon_prefix_cell *others;
	__u32 differ;

	if (!middle || !end)
		return PREFIX_BROKEN;
	differ = (word[1] ^ middle->first) & prefix_mask(length, 1);
	differ |= (word[2] ^ middle->second) & prefix_mask(length, 2);
	differ |= (word[3] ^ end->first) & prefix_mask(length, 3);
	if (!differ)
		return end->second;
	others = table_at(table, index + 3);
	return others ? others->second : PREFIX_BROKEN;
}

/* Where a search ended without an identity, as in PREFIX_BROKEN, the table is broken. */
static __always_inline __u32 prefix_identity(__u32 result)
{
	if ((result & (CORDON_PREFIX_RESULT | CORDON_PREFIX_DESCEND)) != CORDON_PREFIX_RESULT)
		return PREFIX_BROKEN;
	return result & CORDON_PREFIX_VALUE_MASK;
}

/**
 * prefix_lookup4() - identity of an IPv4 address
 * @table: prefixes of the generation
 * @root: settings.ipv4 of the same generation
 * @address: host byte order
 * Return: the identity of the zone with the longest prefix,
 *	CORDON_IDENTITY_STRANGER if no prefix covers it, PREFIX_BROKEN.
 */
static __always_inline __u32 prefix_lookup4(table_handle table,
					    const struct cordon_prefix_root *root, __u32 address)
{
	return prefix_identity(prefix_word(table, root->direct, root->bits, address));
}

/**
 * prefix_lookup6() - identity of an IPv6 address
 * @table: prefixes of the generation
 * @root: settings.ipv6 of the same generation
 * @word: the four words of the address, each in host byte order
 * Return: as prefix_lookup4().
 */
static __always_inline __u32 prefix_lookup6(table_handle table,
					    const struct cordon_prefix_root *root,
					    const __u32 word[CORDON_PREFIX_WORDS_MAX])
{
	__u32 direct = root->direct, bits = root->bits, result = 0, i;
	const struct cordon_prefix_cell *cell;

	PREFIX_ROLLED
	for (i = 0; i < CORDON_PREFIX_WORDS_MAX; i++) {
		result = prefix_word(table, direct, bits, word[i]);
		if (!(result & CORDON_PREFIX_DESCEND) || result == PREFIX_BROKEN)
			break;
		cell = table_at(table, result & CORDON_PREFIX_VALUE_MASK);
		if (!cell)
			return PREFIX_BROKEN;
		if (cell->second == CORDON_PREFIX_LONE)
			return prefix_identity(prefix_lone(
				table, result & CORDON_PREFIX_VALUE_MASK, cell->first, word));
		direct = cell->first;
		bits = cell->second;
	}
	return prefix_identity(result);
}

#endif
