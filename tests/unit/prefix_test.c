// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prefixes: the hand-written scanner against inet_pton(), and the list of
 * prefixes against sorting and comparing by qsort().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prefix.h"
#include "prefix_list.h"
#include "prefix_sort.h"
#include "util/array.h"

#include "kselftest_harness.h"

/* ---- text -------------------------------------------------------------------------------- */

struct row {
	const char *text;
	const char *format; /* NULL: refused */
};

static const struct row prefix_rows[] = {
	{ "0.0.0.0/0", "0.0.0.0/0" },
	{ "10.0.0.0/8", "10.0.0.0/8" },
	{ "10.1.2.3", "10.1.2.3" },
	{ "10.1.2.3/32", "10.1.2.3" },
	{ "255.255.255.254/31", "255.255.255.254/31" },
	{ "128.0.0.0/1", "128.0.0.0/1" },
	{ "::/0", "::/0" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "fd00:20::/64", "fd00:20::/64" },
	{ "FD00:20:0:0::/64", "fd00:20::/64" },
	{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
	{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
	{ "64:ff9b::1.2.3.4", "64:ff9b::102:304" },
	{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
	{ "8000::/1", "8000::/1" },
	{ "1::8000/113", "1::8000/113" },
	{ "1:2:3:4:8000::/65", "1:2:3:4:8000::/65" },
	{ "::ffff:0:0/95", NULL },
	{ "::ffff:0:0/96", NULL },
	{ "::ffff:1.2.3.4", NULL },
	{ "::fffe:0:0/95", "::fffe:0:0/95" },
	{ "", NULL },
	{ "10", NULL },
	{ "10.0.0", NULL },
	{ "10.0.0.", NULL },
	{ "10.0.0.0.", NULL },
	{ "10.0.0.0.0", NULL },
	{ "10..0.0", NULL },
	{ "256.0.0.0", NULL },
	{ "1000.0.0.0", NULL },
	{ "00.0.0.0", NULL },
	{ "10.0.0.01", NULL },
	{ "+1.0.0.0", NULL },
	{ "0x1.0.0.0", NULL },
	{ "10.0.0.0/", NULL },
	{ "10.0.0.0/33", NULL },
	{ "10.0.0.0/08", NULL },
	{ "10.0.0.0/-1", NULL },
	{ "10.0.0.0/8/8", NULL },
	{ "10.0.0.1/8", NULL },
	{ "0.0.0.1/0", NULL },
	{ " 10.0.0.0", NULL },
	{ "10.0.0.0 ", NULL },
	{ ":", NULL },
	{ ":::", NULL },
	{ ":1", NULL },
	{ "1:", NULL },
	{ "1:::2", NULL },
	{ "1::2::3", NULL },
	{ "1:2:3:4:5:6:7", NULL },
	{ "1:2:3:4:5:6:7:8:", NULL },
	{ "1:2:3:4:5:6:7:8::", NULL },
	{ "::1:2:3:4:5:6:7:8", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "1:2:3:4:5:6:7:1.2.3.4", NULL },
	{ "1.2.3.4::", NULL },
	{ "::1.2.3", NULL },
	{ "::1.2.3.4:5", NULL },
	{ "12345::", NULL },
	{ "g::", NULL },
	{ "::/129", NULL },
	{ "::/", NULL },
	{ "::1/127", NULL },
	{ "1::/15", NULL },
	{ "fe80::1%eth0", NULL },
};

/* The copy has no NUL and nothing behind it, so that a sanitizer sees what is read beyond. */
static int parse(const char *text, size_t size, struct cordon_prefix *ret_prefix)
{
	char *copy = malloc(size ? size : 1);
	char problem[CORDON_PREFIX_PROBLEM_SIZE] = "";
	int error;

	memcpy(copy, text, size);
	error = cordon_prefix_parse(copy, size, ret_prefix);
	if (error)
		cordon_prefix_problem(copy, size, problem);
	free(copy);
	return error && !problem[0] ? -EPROTO : error;
}

TEST(text)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefix_rows); i++) {
		const struct row *row = &prefix_rows[i];
		struct cordon_prefix prefix = { .length = 77 };
		char format[CORDON_PREFIX_TEXT_SIZE];

		EXPECT_EQ(row->format ? 0 : -EINVAL, parse(row->text, strlen(row->text), &prefix))
		{
			TH_LOG("'%s'", row->text);
		}
		if (!row->format) {
			EXPECT_EQ(77, prefix.length);
			continue;
		}
		cordon_prefix_format(&prefix, format);
		EXPECT_STREQ(row->format, format);
	}
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Random texts of the characters that addresses are made of, some of them addresses. */
static void make_text(uint64_t *state, char *text, size_t size)
{
	static const char letters[] = "0123456789abcdefF:::::....";
	size_t length = next_random(state) % (size - 1);

	if (next_random(state) % 2) {
		struct in6_addr address = { 0 };

		for (size_t i = 0; i < 16; i++)
			address.s6_addr[i] = next_random(state) % 3 ? 0 : (uint8_t)*state;
		inet_ntop(next_random(state) % 2 ? AF_INET : AF_INET6, &address, text,
			  (socklen_t)size);
		if (next_random(state) % 2)
			text[next_random(state) % strlen(text)] = letters[*state % 26];
		return;
	}
	for (size_t i = 0; i < length; i++)
		text[i] = letters[next_random(state) % (sizeof(letters) - 1)];
	text[length] = '\0';
}

static bool agrees(const char *text)
{
	struct cordon_prefix prefix;
	struct in6_addr address;
	uint32_t words[4];
	int error = parse(text, strlen(text), &prefix);

	if (inet_pton(AF_INET, text, &address) == 1) {
		memcpy(words, &address, 4);
		return !error && !prefix.ipv6 && prefix.low == ntohl(words[0]);
	}
	if (inet_pton(AF_INET6, text, &address) != 1)
		return error;
	if (IN6_IS_ADDR_V4MAPPED(&address))
		return error;
	memcpy(words, &address, 16);
	return !error && prefix.ipv6 &&
	       prefix.high == ((uint64_t)ntohl(words[0]) << 32 | ntohl(words[1])) &&
	       prefix.low == ((uint64_t)ntohl(words[2]) << 32 | ntohl(words[3]));
}

TEST(agrees_with_inet_pton)
{
	uint64_t state = 0x2545f4914f6cdd1dULL;

	for (int i = 0; i < 300000; i++) {
		char text[48];

		make_text(&state, text, sizeof(text));
		ASSERT_TRUE(agrees(text))
		{
			TH_LOG("'%s'", text);
		}
	}
}

/* ---- sorting ----------------------------------------------------------------------------- */

#define SORTED_MAX 3000

static int compare4(const void *left, const void *right)
{
	const struct cordon_prefix4 *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return a->line < b->line ? -1 : 1; /* equal ones keep their order */
}

static int compare6(const void *left, const void *right)
{
	const struct cordon_prefix6 *a = left, *b = right;

	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->length != b->length)
		return a->length < b->length ? -1 : 1;
	return a->line < b->line ? -1 : 1;
}

TEST(sort_ipv4)
{
	uint64_t state = 7;

	for (size_t count = 0; count < SORTED_MAX; count += 1 + count / 3) {
		struct cordon_prefix4 *all = calloc(count + 1, sizeof(*all));
		struct cordon_prefix4 *expected = calloc(count + 1, sizeof(*all));
		uint32_t mask = (uint32_t)next_random(&state);

		for (size_t i = 0; i < count; i++) {
			all[i].address = (uint32_t)next_random(&state) & mask;
			all[i].length = next_random(&state) % 33;
			all[i].line = (uint32_t)i;
		}
		memcpy(expected, all, count * sizeof(*all));
		qsort(expected, count, sizeof(*all), compare4);
		ASSERT_EQ(0, cordon_prefix_sort4(&all, count));
		ASSERT_EQ(0, memcmp(expected, all, count * sizeof(*all)));
		free(all);
		free(expected);
	}
}

TEST(sort_ipv6)
{
	uint64_t state = 9;

	for (size_t count = 0; count < SORTED_MAX; count += 1 + count / 3) {
		struct cordon_prefix6 *all = calloc(count + 1, sizeof(*all));
		struct cordon_prefix6 *expected = calloc(count + 1, sizeof(*all));
		uint64_t high = next_random(&state), low = next_random(&state) & high;

		for (size_t i = 0; i < count; i++) {
			all[i].high = next_random(&state) & high;
			all[i].low = next_random(&state) & low;
			all[i].length = next_random(&state) % 129;
			all[i].line = (uint32_t)i;
		}
		memcpy(expected, all, count * sizeof(*all));
		qsort(expected, count, sizeof(*all), compare6);
		ASSERT_EQ(0, cordon_prefix_sort6(&all, count));
		ASSERT_EQ(0, memcmp(expected, all, count * sizeof(*all)));
		free(all);
		free(expected);
	}
}

/* ---- list -------------------------------------------------------------------------------- */

TEST(list_is_full)
{
	struct cordon_policy policy = { .nr_prefixes6 = CORDON_POLICY_PREFIXES_MAX };
	struct cordon_prefix_place place = { 0 };
	struct cordon_prefix prefix = { .length = 8 };
	struct cordon_diag diag = { 0 };

	EXPECT_EQ(-ENOSPC, cordon_prefix_list_add(&policy, &prefix, &place));
	EXPECT_EQ(-ENOSPC, cordon_prefix_list_scan(&policy, "10.0.0.0/8\n", 11, place, &diag));
	EXPECT_EQ(NULL, policy.prefixes4);
	policy.nr_prefixes6--;
	EXPECT_EQ(-ENOSPC,
		  cordon_prefix_list_scan(&policy, "1.0.0.0/8\n2.0.0.0/8", 19, place, &diag));
	EXPECT_EQ(1, policy.nr_prefixes4);
	free(policy.prefixes4);
}

/* Lines, blanks and comments in all their forms: how many prefixes and mistakes they hold. */
struct lines {
	const char *text;
	size_t prefixes;
	size_t errors;
};

static const struct lines line_rows[] = {
	{ "", 0, 0 },
	{ "\n", 0, 0 },
	{ "\r\n\r\n", 0, 0 },
	{ "\r", 0, 0 },
	{ "#", 0, 0 },
	{ "# \xff\xfe anything\n#\n", 0, 0 },
	{ "  \t\n", 0, 0 },
	{ "1.0.0.0/8", 1, 0 },
	{ "1.0.0.0/8\r", 1, 0 },
	{ "1.0.0.0/8\r\n2.0.0.0/8\r\n", 2, 0 },
	{ "1.0.0.0/8#x\n2.0.0.0/8 # y\n", 2, 0 },
	{ " 1.0.0.0/8\n\t2.0.0.0/8\t\n", 2, 0 },
	{ "1::/16\n2.0.0.0/8", 2, 0 },
	{ "\xef\xbb\xbf"
	  "1.0.0.0/8\n",
	  1, 0 },
	{ "1.0.0.0/8 2.0.0.0/8\n3.0.0.0/8", 1, 1 },
	{ "1.0.0.0/8,\n", 0, 1 },
	{ "x\ny\nz", 0, 3 },
	{ "1.0.0.0/8\r2.0.0.0/8\n", 0, 1 },
	{ "1.0.0.0/8\r\r\n", 0, 1 },
	{ "1.0.0.0/33\n1.0.0.0/8", 1, 1 },
};

TEST(lines)
{
	for (size_t i = 0; i < ARRAY_SIZE(line_rows); i++) {
		const struct lines *row = &line_rows[i];
		char name[] = "f", *files[] = { name };
		struct cordon_policy policy = { .files = files, .nr_files = 1 };
		struct cordon_prefix_place place = { 0 };
		struct cordon_diag diag = { 0 };
		size_t size = strlen(row->text);
		char *copy = malloc(size ? size : 1);

		memcpy(copy, row->text, size);
		EXPECT_EQ(0, cordon_prefix_list_scan(&policy, copy, size, place, &diag));
		EXPECT_EQ(row->prefixes, policy.nr_prefixes4 + policy.nr_prefixes6)
		{
			TH_LOG("row %zu", i);
		}
		EXPECT_EQ(row->errors, diag.errors)
		{
			TH_LOG("row %zu", i);
		}
		free(copy);
		free(policy.prefixes4);
		free(policy.prefixes6);
		cordon_diag_clear(&diag);
	}
}

TEST_HARNESS_MAIN
