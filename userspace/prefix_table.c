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
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Prefixes of one word that contain each other: lengths 0 to 32, the word
 * itself as the way to the next, and what the word inherits. */
#define NESTED_MAX 35

/* Up to here a bisection is as fast as direct cells, and free. */
#define RANGES_WITHOUT_DIRECT 4

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
	size_t room = cells->room * 2;

	if (cells->room - cells->length >= more)
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
	cells->cell[cells->length++] = (struct cordon_prefix_cell){first, second};
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
	while (sweep->open[sweep->depth].last < word)
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
	sweep->open[0] = (struct interval){UINT32_MAX, inherited};
	sweep_emit(sweep, 0, inherited);
	return 0;
}

static void sweep_open(struct sweep *sweep, uint32_t first, uint32_t last, uint32_t result)
{
	sweep_to(sweep, first);
	sweep->open[++sweep->depth] = (struct interval){last, result};
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

/* About one range a direct cell: most look-ups need no bisection or one step. */
static unsigned int direct_bits(size_t nr_ranges)
{
	unsigned int bits = 0;

	if (nr_ranges <= RANGES_WITHOUT_DIRECT)
		return 0;
	while (bits < CORDON_PREFIX_DIRECT_BITS_MAX && (1UL << bits) < nr_ranges)
		bits++;
	return bits;
}

/* Direct cells of the @nr ranges that start at @first in the table. */
static void lay_direct(struct cells *cells, size_t first, size_t nr, unsigned int bits)
{
	const struct cordon_prefix_cell *range = &cells->cell[first];
	size_t from = 0, to;

	for (uint64_t start = 0; start <= UINT32_MAX; start += 1ULL << (32 - bits)) {
		uint64_t end = start + (1ULL << (32 - bits)) - 1;

		while (from + 1 < nr && range[from + 1].first <= start)
			from++;
		for (to = from; to + 1 < nr && range[to + 1].first <= end;)
			to++;
		if (to == from)
			push(cells, 0, range[from].second);
		else
			push(cells, (uint32_t)(first + from), (uint32_t)(to - from + 1));
		from = to;
	}
}

/* Moves the ranges of the word into the table. Return: 0, -ENOMEM, -E2BIG. */
static int sweep_end(struct sweep *sweep, struct cells *cells, uint32_t *ret_result)
{
	struct cells *ranges = sweep->ranges;
	size_t nr, first = cells->length;
	unsigned int bits;
	int err;

	while (sweep->depth)
		sweep_close(sweep);
	nr = ranges->length - sweep->base;
	bits = direct_bits(nr);
	ranges->length = sweep->base;
	if (nr == 1) {
		*ret_result = ranges->cell[sweep->base].second;
		return 0;
	}
	err = reserve(cells, nr + (1UL << bits) + 1);
	if (err)
		return err;
	memcpy(&cells->cell[first], &ranges->cell[sweep->base], nr * sizeof(*cells->cell));
	cells->length += nr;
	lay_direct(cells, first, nr, bits);
	*ret_result = CORDON_PREFIX_RESULT | CORDON_PREFIX_DESCEND | (uint32_t)cells->length;
	push(cells, (uint32_t)(first + nr), bits);
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
	return sweep_end(&sweep, &builder->cells, ret_result);
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
	err = reserve(cells, CORDON_PREFIX_LONE_CELLS);
	if (err)
		return err;
	*ret_result = CORDON_PREFIX_RESULT | CORDON_PREFIX_DESCEND | (uint32_t)cells->length;
	push(cells, prefix->length, CORDON_PREFIX_LONE);
	push(cells, prefix_word(prefix, 1), prefix_word(prefix, 2));
	push(cells, prefix_word(prefix, 3), result);
	push(cells, 0, inherited);
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
			sweep_open(&sweep, first, first | host_bits(prefix->length - passed), result);
			continue;
		}
		group = group_size(prefix, nr - i, word);
		err = build_group(builder, prefix, group, word, sweep_to(&sweep, first), &result);
		if (!err)
			sweep_open(&sweep, first, first, result);
	}
	return err ? err : sweep_end(&sweep, &builder->cells, ret_result);
}

/* A root is not a cell, so what a whole family agrees on needs a direct cell. */
static int take_root(struct cells *cells, uint32_t result, struct cordon_prefix_root *ret_root)
{
	const struct cordon_prefix_cell *cell;
	int err;

	if (result & CORDON_PREFIX_DESCEND) {
		cell = &cells->cell[result & CORDON_PREFIX_VALUE_MASK];
		*ret_root = (struct cordon_prefix_root){cell->first, cell->second};
		return 0;
	}
	err = reserve(cells, 1);
	if (err)
		return err;
	*ret_root = (struct cordon_prefix_root){(uint32_t)cells->length, 0};
	push(cells, 0, result);
	return 0;
}

static void shrink(struct cells *cells)
{
	void *smaller = realloc(cells->cell, cells->length * sizeof(*cells->cell));

	if (smaller)
		cells->cell = smaller;
}

int cordon_prefix_table_build(const struct cordon_prefix4 *prefixes4, size_t nr4,
			      const struct cordon_prefix6 *prefixes6, size_t nr6,
			      struct cordon_prefix_table *ret_table)
{
	struct builder builder = {0};
	struct cordon_prefix_root ipv4, ipv6;
	uint32_t result;
	int err;

	err = build4(&builder, prefixes4, nr4, &result);
	if (!err)
		err = take_root(&builder.cells, result, &ipv4);
	if (!err)
		err = build6(&builder, prefixes6, nr6, 0, CORDON_PREFIX_RESULT, &result);
	if (!err)
		err = take_root(&builder.cells, result, &ipv6);
	free(builder.ranges.cell);
	if (err) {
		free(builder.cells.cell);
		return err;
	}
	shrink(&builder.cells);
	*ret_table = (struct cordon_prefix_table){builder.cells.cell, builder.cells.length, ipv4,
						  ipv6};
	return 0;
}
