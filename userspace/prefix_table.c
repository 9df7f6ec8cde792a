// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Builder of the prefix table that bpf/prefix.h reads; the structure and its
 * source are named there.  One sweep over the sorted prefixes of a word, with
 * the prefixes that are still open on a stack, gives the ranges; the direct
 * cells are laid over them.  Below an IPv6 word that longer prefixes share the
 * same is done for the next word.
 */
#include "prefix_table.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Prefixes of one word that contain each other: lengths 0 to 32, the word
 * itself as the way to the next, and what the word inherits. */
#define NESTED_MAX 35

/* Up to here a bisection alone is as fast as direct cells, and free. */
#define DIRECT_RANGES_MIN 8

/* So many ranges and their direct cells are in the head of the table. */
#define RANGES_SMALL (CORDON_HEAD_PREFIX_PAGES * CORDON_PREFIX_PAGE_CELLS / 2)

/* What is no longer than this never lies across two pages. */
#define TOGETHER_MAX 64

struct cells {
	struct cordon_prefix_cell *cell;
	size_t length;
	size_t room;
};

/* @cells: the table so far; @ranges: of the words in the works, innermost last */
struct builder {
	struct cells cells;
	struct cells ranges;
};

struct interval {
	uint32_t last;
	uint32_t result;
};

struct sweep {
	struct cells *ranges;
	size_t base; /* of this word in ranges */
	size_t depth;
	struct interval open[NESTED_MAX];
};

static int reserve(struct cells *cells, size_t more)
{
	struct cordon_prefix_cell *cell;
	size_t room = cells->room ? 2 * cells->room : CORDON_PREFIX_PAGE_CELLS;

	if (cells->cell && cells->room - cells->length >= more)
		return 0;
	if (room < cells->length + more)
		room = cells->length + more;
	if (room > CORDON_PREFIX_VALUE_MASK)
		return -E2BIG;
	cell = realloc(cells->cell, room * sizeof(*cell));
	if (!cell)
		return -ENOMEM;
	cells->cell = cell;
	cells->room = room;
	return 0;
}

/* Room was reserved. */
static void push(struct cells *cells, uint32_t first, uint32_t second)
{
	cells->cell[cells->length++] = (struct cordon_prefix_cell){ first, second };
}

/* Room for @nr cells in one page, if they are few enough for that. */
static int reserve_together(struct cells *cells, size_t nr)
{
	size_t left = -cells->length % CORDON_PREFIX_PAGE_CELLS;
	int err = reserve(cells, nr + TOGETHER_MAX);

	if (err)
		return err;
	if (nr > TOGETHER_MAX || nr <= left || !left)
		return 0;
	while (left--)
		push(cells, 0, 0);
	return 0;
}

/* From @first on the result is @result: neighbours that agree are one range. */
static void sweep_emit(struct sweep *sweep, uint32_t first, uint32_t result)
{
	struct cells *ranges = sweep->ranges;
	struct cordon_prefix_cell *cells = ranges->cell;

	if (ranges->length > sweep->base && cells[ranges->length - 1].first == first)
		ranges->length--;
	if (ranges->length > sweep->base && cells[ranges->length - 1].second == result)
		return;
	push(ranges, first, result);
}

static void sweep_close(struct sweep *sweep)
{
	const struct interval closed = sweep->open[sweep->depth--];

	if (closed.last != UINT32_MAX)
		sweep_emit(sweep, closed.last + 1, sweep->open[sweep->depth].result);
}

/* Closes what ends before @word. Return: the result that holds there. */
static uint32_t sweep_to(struct sweep *sweep, uint32_t word)
{
	while (sweep->depth && sweep->open[sweep->depth].last < word)
		sweep_close(sweep);
	return sweep->open[sweep->depth].result;
}

/* @nr: intervals that will be opened; each makes two ranges at most */
static int sweep_begin(struct sweep *sweep, struct cells *ranges, size_t nr, uint32_t inherited)
{
	int err = reserve(ranges, 2 * nr + 1);

	if (err)
		return err;
	sweep->ranges = ranges;
	sweep->base = ranges->length;
	sweep->depth = 0;
	sweep->open[0] = (struct interval){ UINT32_MAX, inherited };
	sweep_emit(sweep, 0, inherited);
	return 0;
}

static void sweep_open(struct sweep *sweep, uint32_t first, uint32_t last, uint32_t result)
{
	sweep_to(sweep, first);
	sweep->open[++sweep->depth] = (struct interval){ last, result };
	sweep_emit(sweep, first, result);
}

static uint32_t host_bits(unsigned int length)
{
	return length ? (uint32_t)((1ULL << (32 - length)) - 1) : UINT32_MAX;
}

static uint32_t zone_result(uint16_t zone)
{
	return CORDON_PREFIX_RESULT | cordon_zone_identity(zone);
}

/*
 * About one direct cell for a range: small nodes fit into one page, big ones
 * take as much again.  A bigger one of IPv4, of which there is one only, gets
 * split cells, even if those are more.
 */
static unsigned int direct_bits(size_t nr_ranges, bool only_one)
{
	unsigned int bits = 0;

	if (nr_ranges <= DIRECT_RANGES_MIN)
		return 0;
	while (bits < CORDON_PREFIX_DIRECT_BITS_MAX && (1UL << bits) < nr_ranges)
		bits++;
	if (nr_ranges <= RANGES_SMALL || !only_one)
		return bits;
	return bits < CORDON_PREFIX_SPLIT_BITS ? CORDON_PREFIX_SPLIT_BITS : bits;
}

/* Whether a direct cell of @bits can hold @nr ranges itself. */
static bool can_split(const struct cordon_prefix_cell *range, size_t nr, unsigned int bits)
{
	if (bits < CORDON_PREFIX_SPLIT_BITS || nr > 3)
		return false;
	for (size_t i = 0; i < nr; i++) {
		if (range[i].second & CORDON_PREFIX_DESCEND)
			return false;
	}
	return true;
}

/*
 * Of fewer than three ranges the last stands for those that are missing.  One
 * range is held so as well: in a big table nearly all cells are then alike, and
 * no branch waits for memory to be mispredicted.
 */
static struct cordon_prefix_cell split_cell(const struct cordon_prefix_cell *range, size_t nr,
					    unsigned int bits)
{
	const struct cordon_prefix_cell *second = &range[nr > 1], *third = &range[nr - 1];
	const uint32_t low = UINT32_MAX >> bits, identity = (1U << CORDON_PREFIX_IDENTITY_BITS) - 1;

	return (struct cordon_prefix_cell){ (second->first & low) | (third->first & low) << 16,
					    CORDON_PREFIX_SPLIT | (range->second & identity) |
						    (second->second & identity)
							    << CORDON_PREFIX_IDENTITY_BITS |
						    (third->second & identity)
							    << 2 * CORDON_PREFIX_IDENTITY_BITS };
}

/* A direct cell for @nr ranges; those that it cannot hold are put at the end. */
static int make_direct(struct cells *cells, const struct cordon_prefix_cell *range, size_t nr,
		       unsigned int bits, struct cordon_prefix_cell *ret_cell)
{
	int err;

	if (can_split(range, nr, bits)) {
		*ret_cell = split_cell(range, nr, bits);
		return 0;
	}
	if (nr == 1) {
		*ret_cell = (struct cordon_prefix_cell){ 0, range->second };
		return 0;
	}
	err = reserve_together(cells, nr);
	if (err)
		return err;
	*ret_cell = (struct cordon_prefix_cell){ (uint32_t)cells->length, (uint32_t)nr };
	memcpy(&cells->cell[cells->length], range, nr * sizeof(*range));
	cells->length += nr;
	return 0;
}

/* 2^@bits direct cells for the @nr ranges of a word. */
static int lay_direct(struct cells *cells, const struct cordon_prefix_cell *range, size_t nr,
		      unsigned int bits)
{
	const size_t direct = cells->length;
	size_t from = 0, to;
	int err = 0;

	cells->length += 1UL << bits;
	for (size_t i = 0; !err && i < 1UL << bits; i++) {
		uint64_t end = ((uint64_t)(i + 1) << (32 - bits)) - 1;
		struct cordon_prefix_cell cell;

		for (to = from; to + 1 < nr && range[to + 1].first <= end;)
			to++;
		err = make_direct(cells, &range[from], to - from + 1, bits, &cell);
		if (err)
			break;
		cells->cell[direct + i] = cell;
		/* The next cell starts in the last range, or with a range of its own. */
		from = to + 1 < nr && range[to + 1].first == end + 1 ? to + 1 : to;
	}
	return err;
}

/* Puts the word into the table: a descent, its direct cells, its ranges. */
static int sweep_end(struct sweep *sweep, struct cells *cells, bool only_one, uint32_t *ret_result)
{
	struct cells *ranges = sweep->ranges;
	unsigned int bits;
	uint32_t result;
	size_t nr;
	int err;

	while (sweep->depth)
		sweep_close(sweep);
	nr = ranges->length - sweep->base;
	ranges->length = sweep->base;
	if (nr == 1) {
		*ret_result = ranges->cell[sweep->base].second;
		return 0;
	}
	bits = direct_bits(nr, only_one);
	err = reserve_together(cells, 1 + (1UL << bits));
	if (err)
		return err;
	result = CORDON_PREFIX_RESULT | CORDON_PREFIX_DESCEND | (uint32_t)cells->length;
	push(cells, (uint32_t)cells->length + 1, bits);
	err = lay_direct(cells, &ranges->cell[sweep->base], nr, bits);
	if (err)
		return err;
	*ret_result = result;
	return 0;
}

static int build4(struct builder *builder, const struct cordon_prefix4 *prefixes, size_t nr,
		  uint32_t *ret_result)
{
	struct sweep sweep;
	int err;

	err = sweep_begin(&sweep, &builder->ranges, nr, CORDON_PREFIX_RESULT);
	if (err)
		return err;
	for (const struct cordon_prefix4 *p = prefixes; p < prefixes + nr; p++)
		sweep_open(&sweep, p->address, p->address | host_bits(p->length),
			   zone_result(p->zone));
	return sweep_end(&sweep, &builder->cells, true, ret_result);
}

static uint32_t prefix_word(const struct cordon_prefix6 *prefix, unsigned int word)
{
	uint64_t half = word < 2 ? prefix->high : prefix->low;

	return (uint32_t)(word & 1 ? half : half >> 32);
}

/* How many of @nr prefixes, from the first on, go on below the same @word. */
static size_t group_size(const struct cordon_prefix6 *prefixes, size_t nr, unsigned int word)
{
	size_t i = 1;

	while (i < nr && prefix_word(&prefixes[i], word) == prefix_word(prefixes, word))
		i++;
	return i;
}

/* A single prefix needs no ranges: it is compared as it stands. */
static int build_lone(struct cells *cells, const struct cordon_prefix6 *prefix, uint32_t inherited,
		      uint32_t *ret_result)
{
	uint32_t result = zone_result(prefix->zone);
	int err;

	if (result == inherited) {
		*ret_result = inherited;
		return 0;
	}
	err = reserve_together(cells, CORDON_PREFIX_LONE_CELLS);
	if (err)
		return err;
	*ret_result = CORDON_PREFIX_RESULT | CORDON_PREFIX_DESCEND | (uint32_t)cells->length;
	push(cells, prefix_word(prefix, 1),
	     CORDON_PREFIX_LONE | (uint32_t)prefix->length << CORDON_PREFIX_LONE_SHIFT);
	push(cells, prefix_word(prefix, 2), prefix_word(prefix, 3));
	push(cells, result, inherited);
	return 0;
}

static int build6(struct builder *builder, const struct cordon_prefix6 *prefixes, size_t nr,
		  unsigned int word, uint32_t inherited, uint32_t *ret_result);

/* Return: 0, -ENOMEM, -E2BIG. Prefixes that end beyond @word and share it. */
static int build_group(struct builder *builder, const struct cordon_prefix6 *prefixes, size_t nr,
		       unsigned int word, uint32_t inherited, uint32_t *ret_result)
{
	if (nr == 1)
		return build_lone(&builder->cells, prefixes, inherited, ret_result);
	return build6(builder, prefixes, nr, word + 1, inherited, ret_result);
}

/* Recursion: one level a word. */
static int build6(struct builder *builder, const struct cordon_prefix6 *prefixes, size_t nr,
		  unsigned int word, uint32_t inherited, uint32_t *ret_result)
{
	const unsigned int passed = 32 * word;
	struct sweep sweep;
	size_t group;
	int err;

	err = sweep_begin(&sweep, &builder->ranges, nr, inherited);
	for (size_t i = 0; !err && i < nr; i += group) {
		const struct cordon_prefix6 *prefix = &prefixes[i];
		uint32_t first = prefix_word(prefix, word), result = zone_result(prefix->zone);

		group = 1;
		if (prefix->length <= passed + 32) {
			sweep_open(&sweep, first, first | host_bits(prefix->length - passed),
				   result);
			continue;
		}
		group = group_size(prefix, nr - i, word);
		err = build_group(builder, prefix, group, word, sweep_to(&sweep, first), &result);
		if (!err)
			sweep_open(&sweep, first, first, result);
	}
	return err ? err : sweep_end(&sweep, &builder->cells, false, ret_result);
}

/* A root is not a cell, so what a whole family agrees on needs a direct cell. */
static int take_root(struct cells *cells, uint32_t result, struct cordon_prefix_root *ret_root)
{
	const struct cordon_prefix_cell *cell;
	int err = reserve(cells, 1);

	if (err)
		return err;
	if (result & CORDON_PREFIX_DESCEND) {
		cell = &cells->cell[result & CORDON_PREFIX_VALUE_MASK];
		*ret_root = (struct cordon_prefix_root){ cell->first, cell->second };
		return 0;
	}
	*ret_root = (struct cordon_prefix_root){ (uint32_t)cells->length, 0 };
	push(cells, 0, result);
	return 0;
}

/* The last page is filled up, what is left of the room given back. */
static int take_pages(struct cells *cells, struct cordon_prefix_table *ret_table)
{
	size_t left = -cells->length % CORDON_PREFIX_PAGE_CELLS;
	void *pages;
	int err = reserve(cells, CORDON_PREFIX_PAGE_CELLS);

	if (err)
		return err;
	while (left--)
		push(cells, 0, 0);
	pages = realloc(cells->cell, cells->length * sizeof(*cells->cell));
	ret_table->pages = pages ? pages : (void *)cells->cell;
	ret_table->nr_pages = cells->length / CORDON_PREFIX_PAGE_CELLS;
	return 0;
}

int cordon_prefix_table_build(const struct cordon_prefix4 *prefixes4, size_t nr4,
			      const struct cordon_prefix6 *prefixes6, size_t nr6,
			      struct cordon_prefix_table *ret_table)
{
	struct builder builder = { 0 };
	struct cordon_prefix_table table;
	uint32_t result;
	int err;

	err = build4(&builder, prefixes4, nr4, &result);
	if (!err)
		err = take_root(&builder.cells, result, &table.ipv4);
	if (!err)
		err = build6(&builder, prefixes6, nr6, 0, CORDON_PREFIX_RESULT, &result);
	if (!err)
		err = take_root(&builder.cells, result, &table.ipv6);
	free(builder.ranges.cell);
	if (!err)
		err = take_pages(&builder.cells, &table);
	if (err) {
		free(builder.cells.cell);
		return err;
	}
	*ret_table = table;
	return 0;
}
