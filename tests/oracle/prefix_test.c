// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The prefix table and its look-up against a scan over all prefixes that
 * compares bit by bit and knows nothing of words, ranges or cells.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "bpf/prefix.h"
#include "prefix_table.h"
#include "random.h"

#define SETS 1200
#define LOOKUPS 1000
#define PREFIXES_MAX 400

struct prefix {
	uint8_t address[16];
	unsigned int length;
	uint16_t zone;
};

/* @bits: of an address of the family */
struct set {
	unsigned int bits;
	size_t nr;
	struct prefix prefixes[PREFIXES_MAX];
};

static bool bit_of(const uint8_t *address, unsigned int bit)
{
	return address[bit / 8] >> (7 - bit % 8) & 1;
}

static bool covers(const struct prefix *prefix, const uint8_t *address)
{
	for (unsigned int bit = 0; bit < prefix->length; bit++) {
		if (bit_of(prefix->address, bit) != bit_of(address, bit))
			return false;
	}
	return true;
}

static uint32_t naive_lookup(const struct set *set, const uint8_t *address)
{
	const struct prefix *best = NULL;

	for (size_t i = 0; i < set->nr; i++) {
		const struct prefix *prefix = &set->prefixes[i];

		if ((!best || prefix->length > best->length) && covers(prefix, address))
			best = prefix;
	}
	return best ? cordon_zone_identity(best->zone) : CORDON_IDENTITY_STRANGER;
}

static void add_prefix(struct set *set, const uint8_t *address, unsigned int length,
		       struct random *random)
{
	struct prefix *prefix = &set->prefixes[set->nr];

	if (set->nr == PREFIXES_MAX || length > set->bits)
		return;
	memset(prefix, 0, sizeof(*prefix));
	for (unsigned int bit = 0; bit < length; bit++)
		prefix->address[bit / 8] |= (uint8_t)(bit_of(address, bit) << (7 - bit % 8));
	prefix->length = length;
	prefix->zone = (uint16_t)random_below(random, 4);
	set->nr++;
}

static void random_address(struct random *random, uint8_t *ret_address)
{
	for (unsigned int i = 0; i < 16; i++)
		ret_address[i] = (uint8_t)random_word(random);
	/* Half of the time few words differ, as addresses in use do. */
	for (unsigned int i = 0; i < 4 && random_chance(random, 2); i++)
		memset(ret_address + 4 * random_below(random, 4),
		       random_chance(random, 2) ? 0 : 0xff, 4);
}

static void add_scattered(struct set *set, struct random *random)
{
	uint8_t address[16];

	for (unsigned int n = random_below(random, 100); n; n--) {
		random_address(random, address);
		add_prefix(set, address, random_below(random, set->bits + 1), random);
	}
}

static void add_chain(struct set *set, struct random *random)
{
	unsigned int step = 1 + random_below(random, 3);
	uint8_t address[16];

	random_address(random, address);
	for (unsigned int length = 0; length <= set->bits; length += step)
		add_prefix(set, address, length, random);
}

/* All that is in one block: 256 addresses in a row, or 256 prefixes of a length. */
static void add_block(struct set *set, struct random *random)
{
	unsigned int last = set->bits / 8 - 1 - (random_chance(random, 2) ? 0 : 1);
	uint8_t address[16];

	random_address(random, address);
	for (unsigned int i = 0; i < 256; i++) {
		address[last] = (uint8_t)i;
		if (!random_chance(random, 8))
			add_prefix(set, address, 8 * (last + 1), random);
	}
}

/* Prefixes that share their leading bits and end where words do, or beside. */
static void add_shared(struct set *set, struct random *random)
{
	unsigned int shared = random_below(random, set->bits / 8);
	uint8_t address[16];

	random_address(random, address);
	for (unsigned int n = random_below(random, 100); n; n--) {
		for (unsigned int i = shared; i < 16; i++)
			address[i] = (uint8_t)random_word(random);
		add_prefix(set, address,
			   32 * (1 + random_below(random, set->bits / 32)) +
				   random_below(random, 3) - 1,
			   random);
	}
}

static void add_edges(struct set *set, struct random *random)
{
	uint8_t address[16];

	memset(address, 0, sizeof(address));
	add_prefix(set, address, random_chance(random, 2) ? 0 : set->bits, random);
	memset(address, 0xff, sizeof(address));
	add_prefix(set, address, 1 + random_below(random, set->bits), random);
	add_prefix(set, address, set->bits, random);
}

static int compare_prefixes(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;
	int order = memcmp(a->address, b->address, sizeof(a->address));

	return order ? order : (int)a->length - (int)b->length;
}

static void sort_set(struct set *set)
{
	size_t kept = 0;

	qsort(set->prefixes, set->nr, sizeof(set->prefixes[0]), compare_prefixes);
	for (size_t i = 0; i < set->nr; i++) {
		if (!kept || compare_prefixes(&set->prefixes[kept - 1], &set->prefixes[i]))
			set->prefixes[kept++] = set->prefixes[i];
	}
	set->nr = kept;
}

static void make_set(struct random *random, unsigned int bits, struct set *ret_set)
{
	static void (*const kinds[])(struct set *, struct random *) = {
		add_scattered, add_chain, add_block, add_shared, add_edges,
	};

	ret_set->bits = bits;
	ret_set->nr = 0;
	for (unsigned int n = random_below(random, 4); n; n--)
		kinds[random_below(random, 5)](ret_set, random);
	sort_set(ret_set);
}

static uint32_t word_of(const uint8_t *address, unsigned int word)
{
	const uint8_t *byte = address + 4 * word;

	return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

static int build(const struct set *set, struct cordon_prefix_table *ret_table)
{
	struct cordon_prefix4 prefixes4[PREFIXES_MAX];
	struct cordon_prefix6 prefixes6[PREFIXES_MAX];

	for (size_t i = 0; i < set->nr; i++) {
		const struct prefix *p = &set->prefixes[i];

		prefixes4[i] = (struct cordon_prefix4){ .address = word_of(p->address, 0),
							.length = (uint8_t)p->length,
							.zone = p->zone };
		prefixes6[i] = (struct cordon_prefix6){
			.high = (uint64_t)word_of(p->address, 0) << 32 | word_of(p->address, 1),
			.low = (uint64_t)word_of(p->address, 2) << 32 | word_of(p->address, 3),
			.length = (uint8_t)p->length,
			.zone = p->zone
		};
	}
	return cordon_prefix_table_build(prefixes4, set->bits == 32 ? set->nr : 0, prefixes6,
					 set->bits == 32 ? 0 : set->nr, ret_table);
}

static uint32_t table_lookup(const struct set *set, const struct cordon_prefix_table *table,
			     const uint8_t *address)
{
	struct cordon_table cells = { table->pages, (__u32)table->nr_pages,
				      sizeof(struct cordon_prefix_page) };
	uint32_t word[4];

	if (set->bits == 32)
		return prefix_lookup4(&cells, &table->ipv4, word_of(address, 0));
	for (unsigned int i = 0; i < 4; i++)
		word[i] = word_of(address, i);
	return prefix_lookup6(&cells, &table->ipv6, word);
}

/* One more or one less, as a number of @bits bits. */
static void step(uint8_t *address, unsigned int bits, bool up)
{
	for (unsigned int i = bits / 8; i--;) {
		address[i] = (uint8_t)(up ? address[i] + 1 : address[i] - 1);
		if (address[i] != (up ? 0 : 0xff))
			return;
	}
}

/* First, last, one before, one behind a prefix, or with one bit flipped; or any. */
static void pick_address(const struct set *set, struct random *random, uint8_t *ret_address)
{
	const struct prefix *prefix;
	unsigned int kind = random_below(random, 6), bit;

	random_address(random, ret_address);
	if (kind == 5 || !set->nr)
		return;
	prefix = &set->prefixes[random_below(random, (uint32_t)set->nr)];
	for (bit = 0; bit < set->bits; bit++) {
		bool one = bit < prefix->length ? bit_of(prefix->address, bit) :
			   kind == 4		? bit_of(ret_address, bit) :
						  kind & 1;

		ret_address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
		ret_address[bit / 8] |= (uint8_t)(one << (7 - bit % 8));
	}
	if (kind == 2 || kind == 3)
		step(ret_address, set->bits, kind == 3);
	if (kind == 4 && random_chance(random, 2)) {
		bit = random_below(random, set->bits);
		ret_address[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
}

static void run(struct __test_metadata *_metadata, unsigned int bits)
{
	struct random random = random_start(bits == 32 ? "IPv4 prefixes" : "IPv6 prefixes");
	static struct set set;
	unsigned long wrong = 0, found = 0;

	for (unsigned int n = 0; n < SETS; n++) {
		struct cordon_prefix_table table;

		make_set(&random, bits, &set);
		ASSERT_EQ(0, build(&set, &table));
		for (unsigned int i = 0; i < LOOKUPS; i++) {
			uint8_t address[16];
			uint32_t expected, got;

			pick_address(&set, &random, address);
			expected = naive_lookup(&set, address);
			got = table_lookup(&set, &table, address);
			found += expected != CORDON_IDENTITY_STRANGER;
			if (got != expected && !wrong++)
				TH_LOG("set %u of %zu prefixes, %08x %08x %08x %08x: got %u, expected %u",
				       n, set.nr, word_of(address, 0), word_of(address, 1),
				       word_of(address, 2), word_of(address, 3), got, expected);
		}
		free(table.pages);
	}
	EXPECT_EQ(0, wrong);
	/* Neither all hits nor all misses, or the test would prove little. */
	EXPECT_GT(found, SETS * LOOKUPS / 4UL);
	EXPECT_LT(found, SETS * LOOKUPS * 19UL / 20);
}

TEST(ipv4_lookups_agree_with_a_scan)
{
	run(_metadata, 32);
}

TEST(ipv6_lookups_agree_with_a_scan)
{
	run(_metadata, 128);
}

TEST_HARNESS_MAIN
