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
 * 32-bit word pick a direct cell, which holds the result, or, in a big table,
 * up to three results and where they part, or else which ranges to search by
 * bisection: the first of them covers the first word of the cell.  An IPv6
 * address is up to four such words, each with a table of its own below a range
 * of the one before.
 */
#ifndef CORDON_BPF_PREFIX_H
#define CORDON_BPF_PREFIX_H

#include <cordon/uapi/policy.h>

#include "core.h"
#include "table.h"

/* The table contradicts itself: no identity, the caller must deny. */
#define PREFIX_BROKEN 0xffffffffU

/* The programs must stay small: left alone, clang would unroll. */
#ifdef __clang__
#define PREFIX_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define PREFIX_ROLLED
#endif

/*
 * struct prefix_cursor - the page in hand, as a look-up in a map is a call
 * @page: the page that the last cell was in
 * @number: of that page
 */
struct prefix_cursor {
	table_handle table;
	const struct cordon_prefix_page *page;
	__u32 number;
};

/* Return: the cell, in the page that is in hand from now on; NULL: no such cell. */
static __always_inline const struct cordon_prefix_cell *prefix_at(struct prefix_cursor *cursor,
								  __u32 index)
{
	cursor->number = index / CORDON_PREFIX_PAGE_CELLS;
	cursor->page = table_at(cursor->table, cursor->number);
	if (!cursor->page)
		return (const void *)0;
	table_checked(index);
	return &cursor->page->cell[index % CORDON_PREFIX_PAGE_CELLS];
}

/* The same, if need be. */
static __always_inline const struct cordon_prefix_cell *prefix_near(struct prefix_cursor *cursor,
								    __u32 index)
{
	if (index / CORDON_PREFIX_PAGE_CELLS != cursor->number)
		return prefix_at(cursor, index);
	table_checked(index);
	return &cursor->page->cell[index % CORDON_PREFIX_PAGE_CELLS];
}

/* 1 if @a is not above @b, else 0, and no branch to mispredict: the compiler,
 * which would turn the product with it into one, must not know.  A branch
 * would also double the verifier's states with each step of a search. */
static __always_inline __u32 prefix_reaches(__u32 a, __u32 b)
{
	__u64 difference = (__u64)b - a;

	barrier_value(difference);
	return 1 - (__u32)(difference >> 63);
}

/* Where the last of @count ranges from @first on that starts at or before @word can be, after some
 * steps of a search: from the index that is returned on.  A page is looked up when the search
 * leaves the one in hand; the builder sees to it that few do.
 * Return: PREFIX_BROKEN if there is no such page. */
static __always_inline __u32 prefix_narrow(struct prefix_cursor *cursor, __u32 first, __u32 count,
					   __u32 word, __u32 steps)
{
	const struct cordon_prefix_cell *cell;
	__u32 half, i;

	PREFIX_ROLLED
	for (i = 0; i < steps && count > 1; i++) {
		half = count / 2;
		cell = prefix_near(cursor, first + half);
		if (!cell)
			return PREFIX_BROKEN;
		first += half * prefix_reaches(cell->first, word);
		count -= half;
	}
	return first;
}

/* The last of @count ranges from @first on that starts at or before @word. */
static __always_inline __u32 prefix_bisect(struct prefix_cursor *cursor, __u32 first, __u32 count,
					   __u32 word, __u32 steps)
{
	const struct cordon_prefix_cell *cell;

	first = prefix_narrow(cursor, first, count, word, steps);
	cell = first == PREFIX_BROKEN ? (const void *)0 : prefix_near(cursor, first);
	return cell ? cell->second : PREFIX_BROKEN;
}

/**
 * prefix_search() - prefix_bisect() among any number of ranges
 *
 * In BPF a function that is verified apart, and so are eight of its steps: 32,
 * each with a page in hand and without, would have the verifier visit a hundred
 * times what a few have.
 */
#ifdef TABLE_HAS_TAIL
static __always_inline __u32 prefix_search(table_handle table, __u32 first, __u32 count,
					   __u32 word);
#else
static __always_inline __u32 prefix_search(table_handle table, __u32 first, __u32 count, __u32 word)
{
	struct prefix_cursor cursor = { table, (const void *)0, ~0U };

	return prefix_bisect(&cursor, first, count, word, CORDON_PREFIX_SEARCH_MAX);
}
#endif

/* Ranges that are searched at once where it is hot: most direct cells have less. */
#define PREFIX_STEPS 3

static __always_inline __u32 prefix_range(struct prefix_cursor *cursor, __u32 first, __u32 count,
					  __u32 word, __u32 steps)
{
	if (unlikely(count > 1U << steps))
		return prefix_search(cursor->table, first, count, word);
	return prefix_bisect(cursor, first, count, word, steps);
}

/* @offset: the bits of the word that did not choose the cell */
static __always_inline __u32 prefix_split(const struct cordon_prefix_cell *cell, __u32 offset)
{
	__u32 place = prefix_reaches(cell->first & 0xffff, offset) +
		      prefix_reaches(cell->first >> 16, offset);

	return CORDON_PREFIX_RESULT | ((cell->second >> place * CORDON_PREFIX_IDENTITY_BITS) &
				       ((1 << CORDON_PREFIX_IDENTITY_BITS) - 1));
}

/* The result of one word: with CORDON_PREFIX_RESULT, or PREFIX_BROKEN.
 * @steps: of a search that are done without a call */
static __always_inline __u32 prefix_word(struct prefix_cursor *cursor, __u32 direct, __u32 bits,
					 __u32 word, __u32 steps)
{
	const struct cordon_prefix_cell *cell;

	cell = prefix_at(cursor, direct + (__u32)((__u64)word >> ((32 - bits) & 63)));
	if (!cell)
		return PREFIX_BROKEN;
	if ((cell->second & (CORDON_PREFIX_RESULT | CORDON_PREFIX_SPLIT)) == CORDON_PREFIX_SPLIT)
		return prefix_split(cell, word & (~0U >> (bits & 31)));
	if (cell->second & CORDON_PREFIX_RESULT)
		return cell->second;
	if (!cell->second)
		return PREFIX_BROKEN;
	return prefix_range(cursor, cell->first, cell->second, word, steps);
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

/* The single prefix at @index that goes on from here; @cell is the first of it. */
static __always_inline __u32 prefix_lone(struct prefix_cursor *cursor, __u32 index,
					 const struct cordon_prefix_cell *cell,
					 const __u32 word[CORDON_PREFIX_WORDS_MAX])
{
	const __u32 length = cell->second >> CORDON_PREFIX_LONE_SHIFT;
	__u32 differ = (word[1] ^ cell->first) & prefix_mask(length, 1);

	cell = prefix_at(cursor, index + 1);
	if (!cell)
		return PREFIX_BROKEN;
	differ |= (word[2] ^ cell->first) & prefix_mask(length, 2);
	differ |= (word[3] ^ cell->second) & prefix_mask(length, 3);
	cell = prefix_at(cursor, index + 2);
	if (!cell)
		return PREFIX_BROKEN;
	return differ ? cell->second : cell->first;
}

/* Where a search ended without an identity, as in PREFIX_BROKEN, the table is broken. */
static __always_inline __u32 prefix_identity(__u32 result)
{
	if ((result & (CORDON_PREFIX_RESULT | CORDON_PREFIX_DESCEND)) != CORDON_PREFIX_RESULT)
		return PREFIX_BROKEN;
	return result & CORDON_PREFIX_VALUE_MASK;
}

/* @steps: of a search that are done without a call */
static __always_inline __u32 prefix_find4(table_handle table, const struct cordon_prefix_root *root,
					  __u32 address, __u32 steps)
{
	struct prefix_cursor cursor = { table, (const void *)0, 0 };

	return prefix_identity(prefix_word(&cursor, root->direct, root->bits, address, steps));
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
	return prefix_find4(table, root, address, PREFIX_STEPS);
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
	struct prefix_cursor cursor = { table, (const void *)0, 0 };
	__u32 direct = root->direct, bits = root->bits, result = 0, index, i;
	const struct cordon_prefix_cell *cell;

	PREFIX_ROLLED
	for (i = 0; i < CORDON_PREFIX_WORDS_MAX; i++) {
		/* Else clang lays the loop out to be entered in its middle, which 6.1 refuses. */
		table_checked(direct);
		result = prefix_word(&cursor, direct, bits, word[i], 0);
		if (!(result & CORDON_PREFIX_DESCEND) || result == PREFIX_BROKEN)
			break;
		index = result & CORDON_PREFIX_VALUE_MASK;
		cell = prefix_at(&cursor, index);
		if (!cell)
			return PREFIX_BROKEN;
		if ((cell->second & CORDON_PREFIX_LONE) == CORDON_PREFIX_LONE)
			return prefix_identity(prefix_lone(&cursor, index, cell, word));
		direct = cell->first;
		bits = cell->second;
	}
	return prefix_identity(result);
}

#endif
