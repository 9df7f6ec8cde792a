// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The service trie: which rule number a service leads to, and that equal pages
 * are one.  Needs no root.
 */
#include <errno.h>
#include <stdlib.h>

#include "kselftest_harness.h"

#include "service_trie.h"

#define ANY(number)                                                                                \
	{                                                                                          \
		.any = 1, .value = (number)                                                        \
	}
#define RANGE(proto, from, to, number)                                                             \
	{                                                                                          \
		.protocol = (proto), .first = (from), .last = (to), .value = (number)              \
	}

struct taken {
	struct cordon_page *pages;
	uint8_t *leaf;
	size_t nr;
};

static uint16_t follow(const struct taken *taken, uint16_t root, uint8_t protocol, uint16_t service)
{
	uint16_t high = taken->pages[root].next[protocol];
	uint16_t low = taken->pages[high].next[service >> 8];

	return taken->pages[low].next[service & 0xff];
}

static struct taken take(struct cordon_trie *trie)
{
	struct taken taken;

	cordon_trie_take(trie, &taken.pages, &taken.leaf, &taken.nr);
	cordon_trie_free(trie);
	return taken;
}

static void drop(struct taken *taken)
{
	free(taken->pages);
	free(taken->leaf);
}

TEST(a_service_leads_to_the_first_rule_that_covers_it)
{
	static const struct {
		const char *why;
		struct cordon_trie_entry entries[3];
		size_t nr;
		uint8_t protocol;
		uint16_t service;
		uint16_t expected;
	} rows[] = {
		{ "nothing", { ANY(0) }, 0, 6, 22, 0 },
		{ "one port", { RANGE(6, 22, 22, 16) }, 1, 6, 22, 16 },
		{ "the port below", { RANGE(6, 22, 22, 16) }, 1, 6, 21, 0 },
		{ "the port above", { RANGE(6, 22, 22, 16) }, 1, 6, 23, 0 },
		{ "another protocol", { RANGE(6, 22, 22, 16) }, 1, 17, 22, 0 },
		{ "the high byte counts", { RANGE(6, 22, 22, 16) }, 1, 6, 256 + 22, 0 },
		{ "first of a range", { RANGE(6, 250, 600, 16) }, 1, 6, 250, 16 },
		{ "a whole page in a range", { RANGE(6, 250, 600, 16) }, 1, 6, 300, 16 },
		{ "last of a range", { RANGE(6, 250, 600, 16) }, 1, 6, 600, 16 },
		{ "behind a range", { RANGE(6, 250, 600, 16) }, 1, 6, 601, 0 },
		{ "service 0", { RANGE(47, 0, 65535, 16) }, 1, 47, 0, 16 },
		{ "service 65535", { RANGE(47, 0, 65535, 16) }, 1, 47, 65535, 16 },
		{ "protocol 0", { RANGE(0, 0, 65535, 16) }, 1, 0, 0, 16 },
		{ "protocol 255", { RANGE(255, 0, 65535, 16) }, 1, 255, 9, 16 },
		{ "any, unnamed protocol", { ANY(16) }, 1, 99, 1234, 16 },
		{ "any behind a port", { RANGE(6, 22, 22, 16), ANY(17) }, 2, 6, 22, 16 },
		{ "any beside a port", { RANGE(6, 22, 22, 16), ANY(17) }, 2, 6, 23, 17 },
		{ "any for the rest", { RANGE(6, 22, 22, 16), ANY(17) }, 2, 17, 22, 17 },
		{ "any ahead of a port", { ANY(17), RANGE(6, 22, 22, 16) }, 2, 6, 22, 17 },
		{ "the first of two", { RANGE(6, 20, 30, 16), RANGE(6, 25, 40, 17) }, 2, 6, 27, 16 },
		{ "the second of two", { RANGE(6, 20, 30, 16), RANGE(6, 25, 40, 17) }, 2, 6, 31, 17 },
		{ "a hole in a later range",
		  { RANGE(6, 512, 512, 16), RANGE(6, 0, 65535, 17) },
		  2,
		  6,
		  512,
		  16 },
		{ "round a hole", { RANGE(6, 512, 512, 16), RANGE(6, 0, 65535, 17) }, 2, 6, 513, 17 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_trie *trie;
		struct taken taken;
		uint16_t root;

		ASSERT_EQ(0, cordon_trie_new(&trie));
		ASSERT_EQ(0, cordon_trie_add(trie, rows[i].entries, rows[i].nr, &root));
		taken = take(trie);
		EXPECT_EQ(rows[i].expected, follow(&taken, root, rows[i].protocol, rows[i].service))
		TH_LOG("%s", rows[i].why);
		drop(&taken);
	}
}

TEST(an_empty_list_is_page_0)
{
	struct cordon_trie *trie;
	struct taken taken;
	uint16_t root = 1;

	ASSERT_EQ(0, cordon_trie_new(&trie));
	EXPECT_EQ(0, cordon_trie_add(trie, NULL, 0, &root));
	EXPECT_EQ(0, root);
	taken = take(trie);
	EXPECT_EQ(1, taken.nr);
	drop(&taken);
}

TEST(equal_pages_are_one)
{
	const struct cordon_trie_entry web[] = { RANGE(6, 80, 80, 16), RANGE(6, 443, 443, 17) };
	const struct cordon_trie_entry more[] = { RANGE(6, 80, 80, 16), RANGE(6, 443, 443, 17),
						  RANGE(17, 443, 443, 17) };
	struct cordon_trie *trie;
	struct taken taken;
	uint16_t first, second, third;

	ASSERT_EQ(0, cordon_trie_new(&trie));
	ASSERT_EQ(0, cordon_trie_add(trie, web, 2, &first));
	ASSERT_EQ(0, cordon_trie_add(trie, web, 2, &second));
	ASSERT_EQ(0, cordon_trie_add(trie, more, 3, &third));
	EXPECT_EQ(first, second);
	EXPECT_NE(first, third);
	taken = take(trie);
	/* 0; port 80's, port 443's, their high bytes, the root; high bytes of UDP, its root. */
	EXPECT_EQ(7, taken.nr);
	drop(&taken);
}

/* Page numbers that look like rule numbers: the loader rewrites only the latter. */
TEST(a_page_of_rules_is_never_one_of_pages)
{
	const struct cordon_trie_entry all[] = { ANY(1) };
	struct cordon_trie *trie;
	struct taken taken;
	uint16_t root, high;

	ASSERT_EQ(0, cordon_trie_new(&trie));
	ASSERT_EQ(0, cordon_trie_add(trie, all, 1, &root));
	taken = take(trie);
	high = taken.pages[root].next[6];
	EXPECT_EQ(0, taken.leaf[root]);
	EXPECT_EQ(0, taken.leaf[high]);
	EXPECT_EQ(1, taken.leaf[taken.pages[high].next[0]]);
	EXPECT_EQ(1, follow(&taken, root, 6, 22));
	drop(&taken);
}

TEST(pages_run_out_with_an_error)
{
	struct cordon_trie *trie;
	struct taken taken;
	uint16_t root;
	int err = 0;

	ASSERT_EQ(0, cordon_trie_new(&trie));
	/* Each takes a page of its own for the port, the high byte and the root. */
	for (unsigned int i = 0; !err && i < CORDON_PAGES_MAX; i++) {
		struct cordon_trie_entry entry =
			RANGE(6, (uint16_t)i, (uint16_t)i, (uint16_t)(16 + i % 1000));

		err = cordon_trie_add(trie, &entry, 1, &root);
	}
	EXPECT_EQ(-E2BIG, err);
	taken = take(trie);
	EXPECT_EQ(CORDON_PAGES_MAX, taken.nr);
	drop(&taken);
}

TEST_HARNESS_MAIN
