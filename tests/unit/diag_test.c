// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Diagnostics: their format, what is kept when there are too many, and that a
 * terminal is never sent what it would obey.
 */
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "util/cleanup.h"

#include "kselftest_harness.h"

static const struct cordon_position here = { "policy.yaml", 3, 7 };

struct row {
	struct cordon_position at;
	const char *text;
	const char *line;
};

static const struct row rows[] = {
	{ { "f", 1, 2 }, "wrong", "f:1:2: error: wrong" },
	{ { "f", 0, 0 }, "wrong", "f: error: wrong" },
	{ { NULL, 0, 0 }, "wrong", "error: wrong" },
	{ { "f", 1, 2 }, "", "f:1:2: error: " },
	{ { "a\nb", 1, 2 }, "c\x1b[1m\td\x7f", "a?b:1:2: error: c?[1m?d?" },
	{ { "f", 1, 2 }, "\xc3\xa4\xc2\x9bm", "f:1:2: error: \xc3\xa4??m" },
	{ { "f", 1, 2 }, "\xff\xe2\x82", "f:1:2: error: ???" },
	{ { "f", 1, 2 }, "\xed\xa0\x80\xc0\xaf\xf5", "f:1:2: error: ??????" },
	{ { "f", 1, 2 }, "\xf0\x9f\x98\x80", "f:1:2: error: \xf0\x9f\x98\x80" },
	{ { "f", 4294967295U, 65535 }, "far", "f:4294967295:65535: error: far" },
};

TEST(format)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_diag diag = { 0 };
		char *line CLEANUP(free) = NULL;

		cordon_diag_error(&diag, rows[i].at, "%s", rows[i].text);
		line = cordon_diag_format(&diag.entry[0]);
		EXPECT_STREQ(rows[i].line, line);
		cordon_diag_clear(&diag);
	}
}

TEST(warning)
{
	struct cordon_diag diag = { 0 };
	char *line CLEANUP(free) = NULL;

	cordon_diag_warning(&diag, here, "%d left", 3);
	line = cordon_diag_format(&diag.entry[0]);
	EXPECT_STREQ("policy.yaml:3:7: warning: 3 left", line);
	EXPECT_EQ(0, diag.errors);
	EXPECT_EQ(1, diag.warnings);
	cordon_diag_clear(&diag);
	EXPECT_EQ(0, diag.stored + diag.warnings);
}

TEST(further_ones_are_counted)
{
	struct cordon_diag diag = { 0 };

	for (int i = 0; i < 1000; i++)
		cordon_diag_error(&diag, here, "%d", i);
	EXPECT_EQ(CORDON_DIAG_MAX, diag.stored);
	EXPECT_EQ(1000, diag.errors);
	EXPECT_STREQ("19", diag.entry[CORDON_DIAG_MAX - 1].text);
	cordon_diag_clear(&diag);
}

TEST(an_error_displaces_a_warning)
{
	struct cordon_diag diag = { 0 };

	cordon_diag_error(&diag, here, "first");
	for (int i = 0; i < CORDON_DIAG_MAX; i++)
		cordon_diag_warning(&diag, here, "w%d", i);
	EXPECT_STREQ("w18", diag.entry[CORDON_DIAG_MAX - 1].text);
	cordon_diag_error(&diag, here, "second");
	EXPECT_EQ(CORDON_DIAG_MAX, diag.stored);
	EXPECT_STREQ("first", diag.entry[0].text);
	EXPECT_STREQ("w17", diag.entry[CORDON_DIAG_MAX - 2].text);
	EXPECT_STREQ("second", diag.entry[CORDON_DIAG_MAX - 1].text);
	EXPECT_EQ(2, diag.errors);
	EXPECT_EQ(CORDON_DIAG_MAX, diag.warnings);
	cordon_diag_clear(&diag);
}

TEST_HARNESS_MAIN
