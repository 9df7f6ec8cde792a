// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Radix sort, least significant digit first (Knuth, vol. 3, 5.2.5), 11 bits a
 * digit: the counters stay in the first-level cache.  A digit that is the same
 * in all prefixes costs no copying.
 */
#include "prefix_sort.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"

#define DIGIT_BITS 11
#define DIGITS (1U << DIGIT_BITS)

/* Digit 0 is the length, those of the address follow from the lowest. */
#define DIGITS_OF_IPV4 (1 + 3)
#define DIGITS_OF_IPV6 (1 + 6 + 6)

typedef uint32_t (*digit_of)(const void *prefix, unsigned int digit);

static inline uint32_t digit4(const void *prefix, unsigned int digit)
{
	const struct cordon_prefix4 *it = prefix;

	return digit ? (it->address >> (digit - 1) * DIGIT_BITS) & (DIGITS - 1) : it->length;
}

static inline uint32_t digit6(const void *prefix, unsigned int digit)
{
	const struct cordon_prefix6 *it = prefix;

	if (!digit)
		return it->length;
	digit--;
	if (digit < 6)
		return (uint32_t)(it->low >> digit * DIGIT_BITS) & (DIGITS - 1);
	return (uint32_t)(it->high >> (digit - 6) * DIGIT_BITS) & (DIGITS - 1);
}

/* Where each digit's prefixes begin.  Return: whether there is more than one. */
static inline __attribute__((always_inline)) bool
count_digits(const char *from, size_t count, size_t size, digit_of digit_of_prefix,
	     unsigned int digit, size_t starts[DIGITS])
{
	uint32_t first = digit_of_prefix(from, digit);
	size_t start = 0;
	bool several;

	memset(starts, 0, DIGITS * sizeof(starts[0]));
	for (size_t i = 0; i < count; i++)
		starts[digit_of_prefix(from + i * size, digit)]++;
	several = starts[first] != count;
	for (size_t i = 0; i < DIGITS; i++) {
		size_t length = starts[i];

		starts[i] = start;
		start += length;
	}
	return several;
}

/* Return: where the result is, @from or @to.  Inlined, so that size and digits are constants. */
static inline __attribute__((always_inline)) char *
sort(char *from, char *to, size_t count, size_t size, digit_of digit_of_prefix, unsigned int digits)
{
	size_t starts[DIGITS];

	for (unsigned int digit = 0; digit < digits; digit++) {
		char *former = from;

		if (!count_digits(from, count, size, digit_of_prefix, digit, starts))
			continue;
		for (size_t i = 0; i < count; i++) {
			uint32_t value = digit_of_prefix(from + i * size, digit);

			memcpy(to + starts[value]++ * size, from + i * size, size);
		}
		from = to;
		to = former;
	}
	return from;
}

static bool is_sorted4(const struct cordon_prefix4 *all, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (all[i].address < all[i - 1].address ||
		    (all[i].address == all[i - 1].address && all[i].length < all[i - 1].length))
			return false;
	}
	return true;
}

static bool precedes6(const struct cordon_prefix6 *a, const struct cordon_prefix6 *b)
{
	if (a->high != b->high)
		return a->high < b->high;
	if (a->low != b->low)
		return a->low < b->low;
	return a->length < b->length;
}

static bool is_sorted6(const struct cordon_prefix6 *all, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (precedes6(&all[i], &all[i - 1]))
			return false;
	}
	return true;
}

int cordon_prefix_sort4(struct cordon_prefix4 **prefixes, size_t count)
{
	struct cordon_prefix4 *spare CLEANUP(free) = NULL;
	struct cordon_prefix4 *former = *prefixes;

	if (is_sorted4(former, count))
		return 0;
	spare = malloc(count * sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	*prefixes = (void *)sort((char *)former, (char *)spare, count, sizeof(*spare), digit4,
				 DIGITS_OF_IPV4);
	if (*prefixes == spare)
		spare = former;
	return 0;
}

int cordon_prefix_sort6(struct cordon_prefix6 **prefixes, size_t count)
{
	struct cordon_prefix6 *spare CLEANUP(free) = NULL;
	struct cordon_prefix6 *former = *prefixes;

	if (is_sorted6(former, count))
		return 0;
	spare = malloc(count * sizeof(*spare));
	if (!spare)
		return -ENOMEM;
	*prefixes = (void *)sort((char *)former, (char *)spare, count, sizeof(*spare), digit6,
				 DIGITS_OF_IPV6);
	if (*prefixes == spare)
		spare = former;
	return 0;
}
