// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The prefix table's size and shape; that its answers are right is for
 * tests/oracle.  Needs no root.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kselftest_harness.h"

#include "bpf/prefix.h"
#include "prefix_table.h"

#define MILLION 1000000U

static uint32_t lookup4(const struct cordon_prefix_table *table, uint32_t address)
{
	struct cordon_table pages = { table->pages, (__u32)table->nr_pages, sizeof(*table->pages) };

	return prefix_lookup4(&pages, &table->ipv4, address);
}

static double cpu_milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

TEST(no_prefixes_make_one_page_of_strangers)
{
	struct cordon_prefix_table table;

	ASSERT_EQ(0, cordon_prefix_table_build(NULL, 0, NULL, 0, &table));
	EXPECT_EQ(1, table.nr_pages);
	EXPECT_EQ(CORDON_IDENTITY_STRANGER, lookup4(&table, 0));
	EXPECT_EQ(CORDON_IDENTITY_STRANGER, lookup4(&table, UINT32_MAX));
	free(table.pages);
}

TEST(few_prefixes_share_a_page)
{
	struct cordon_prefix4 four[60];
	struct cordon_prefix6 six[20];
	struct cordon_prefix_table table;

	for (uint32_t i = 0; i < 60; i++)
		four[i] = (struct cordon_prefix4){ .address = 0x0a000000 + (i << 10),
						   .length = 24,
						   .zone = (uint16_t)(i % 3) };
	for (uint32_t i = 0; i < 20; i++)
		six[i] = (struct cordon_prefix6){ .high = 0xfd00000000000000ULL + i,
						  .length = 64,
						  .zone = (uint16_t)(i % 3) };
	ASSERT_EQ(0, cordon_prefix_table_build(four, 60, six, 20, &table));
	EXPECT_GE(2, table.nr_pages);
	free(table.pages);
}

/* 256 addresses of one zone are the same table as their /24. */
TEST(neighbours_of_one_zone_are_one_range)
{
	const struct cordon_prefix4 whole = { .address = 0x0a000000, .length = 24, .zone = 3 };
	struct cordon_prefix4 parts[256];
	struct cordon_prefix_table one, many;

	for (uint32_t i = 0; i < 256; i++)
		parts[i] = (struct cordon_prefix4){ .address = 0x0a000000 + i,
						    .length = 32,
						    .zone = 3 };
	ASSERT_EQ(0, cordon_prefix_table_build(&whole, 1, NULL, 0, &one));
	ASSERT_EQ(0, cordon_prefix_table_build(parts, 256, NULL, 0, &many));
	EXPECT_EQ(one.nr_pages, many.nr_pages);
	EXPECT_EQ(0, memcmp(one.pages, many.pages, sizeof(*one.pages)));
	free(one.pages);
	free(many.pages);
}

static void make_scattered(struct cordon_prefix4 *prefixes)
{
	uint32_t address = 0, random = 1;

	/* In order by construction: each starts in a place of its own, 4,096 apart. */
	for (uint32_t i = 0; i < MILLION; i++, address += 4096) {
		random = random * 1664525 + 1013904223;
		prefixes[i] = (struct cordon_prefix4){ .address = address | (random >> 20 & 0xff0),
						       .length = (uint8_t)(28 + (random >> 30)),
						       .zone = (uint16_t)(random >> 25 & 15) };
	}
}

/* 64 bytes a prefix are promised, and a policy of a million within a second. */
TEST(a_million_prefixes_are_small_and_quick)
{
	struct cordon_prefix4 *prefixes = malloc(MILLION * sizeof(*prefixes));
	struct cordon_prefix_table table;
	double began;
	size_t bytes;

	ASSERT_NE(NULL, prefixes);
	make_scattered(prefixes);
	began = cpu_milliseconds();
	ASSERT_EQ(0, cordon_prefix_table_build(prefixes, MILLION, NULL, 0, &table));
	began = cpu_milliseconds() - began;
	bytes = table.nr_pages * sizeof(*table.pages);
	TH_LOG("%.1f ms, %.1f bytes a prefix", began, (double)bytes / MILLION);
	EXPECT_GT(500, began);
	EXPECT_GE(64UL * MILLION, bytes);
	for (uint32_t i = 0; i < MILLION; i += 997) {
		ASSERT_EQ(cordon_zone_identity(prefixes[i].zone),
			  lookup4(&table, prefixes[i].address));
		ASSERT_EQ(CORDON_IDENTITY_STRANGER,
			  lookup4(&table, prefixes[i].address ^ 0x400 ^ 0x800));
	}
	free(table.pages);
	free(prefixes);
}

/* Hosts that share nothing but the first word's bits, each going on alone. */
TEST(lone_ipv6_hosts_are_small)
{
	enum {
		HOSTS = 100000
	};
	struct cordon_prefix6 *prefixes = malloc(HOSTS * sizeof(*prefixes));
	struct cordon_prefix_table table;

	ASSERT_NE(NULL, prefixes);
	for (uint32_t i = 0; i < HOSTS; i++)
		prefixes[i] = (struct cordon_prefix6){ .high = 0x2000000000000000ULL +
							       ((uint64_t)i << 44),
						       .low = i,
						       .length = 128,
						       .zone = 1 };
	ASSERT_EQ(0, cordon_prefix_table_build(NULL, 0, prefixes, HOSTS, &table));
	TH_LOG("%.1f bytes a prefix", (double)table.nr_pages * sizeof(*table.pages) / HOSTS);
	EXPECT_GE(64UL * HOSTS, table.nr_pages * sizeof(*table.pages));
	free(table.pages);
	free(prefixes);
}

/* What lies in no page, or is no result, is told and not taken for a zone. */
TEST(a_broken_table_is_told)
{
	struct cordon_prefix_page page = { 0 };
	struct cordon_table table = { &page, 1, sizeof(page) };
	const struct cordon_prefix_root root = { 0, 0 }, beyond = { 512, 0 };
	const __u32 words[4] = { 0 };

	EXPECT_EQ(PREFIX_BROKEN, prefix_lookup4(&table, &beyond, 1));
	EXPECT_EQ(PREFIX_BROKEN, prefix_lookup4(&table, &root, 1));
	page.cell[0] = (struct cordon_prefix_cell){ 600, 3 };
	EXPECT_EQ(PREFIX_BROKEN, prefix_lookup4(&table, &root, 1));
	page.cell[0] = (struct cordon_prefix_cell){ 500, 100 };
	EXPECT_EQ(PREFIX_BROKEN, prefix_lookup4(&table, &root, 1));
	/* A descent where there is no next word, and one that never ends. */
	page.cell[0].second = CORDON_PREFIX_RESULT | CORDON_PREFIX_DESCEND | 1;
	page.cell[1] = (struct cordon_prefix_cell){ 0, 0 };
	EXPECT_EQ(PREFIX_BROKEN, prefix_lookup4(&table, &root, 1));
	EXPECT_EQ(PREFIX_BROKEN, prefix_lookup6(&table, &root, words));
}

TEST_HARNESS_MAIN
