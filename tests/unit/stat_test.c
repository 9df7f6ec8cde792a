// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fields of /proc/PID/stat, whatever the process calls itself.  Needs no root.
 */
#include "kselftest_harness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "util/stat.h"

static const char *const names[] = { "plain", "", "two words", "a) R 1 (b", ") ) )", "((((" };

TEST(a_name_is_no_field)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t parent = 0;

		prctl(PR_SET_NAME, names[i]);
		EXPECT_TRUE(
			cordon_stat_read(AT_FDCWD, "/proc/self/stat", CORDON_STAT_PARENT, &parent));
		EXPECT_EQ((uint64_t)getppid(), parent);
	}
}

/* "TEXT", and the start that is read of it; 0: none is */
static const struct {
	const char *text;
	uint64_t start;
} rows[] = {
	{ "1 (a) S 0 1 1 0 -1 4 5 6 7 8 9 10 11 12 20 0 1 0 77 9 9\n", 77 },
	{ "1 (a b) S 0 1 1 0 -1 4 5 6 7 8 9 10 11 12 20 0 1 0 77", 77 },
	{ "1 (a) S 0 1 1 0 -1 4 5 6 7 8 9 10 11 12 20 0 1 0", 0 },
	{ "1 (a) S", 0 },
	{ "1 (a 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23", 0 },
	{ "", 0 },
};

TEST(what_is_cut_short_has_no_field)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char path[] = "/tmp/cordon-stat-XXXXXX";
		const int fd = mkstemp(path);
		uint64_t start = 0;

		ASSERT_LE(0, fd);
		ASSERT_EQ((ssize_t)strlen(rows[i].text),
			  write(fd, rows[i].text, strlen(rows[i].text)));
		EXPECT_EQ(rows[i].start != 0,
			  cordon_stat_read(AT_FDCWD, path, CORDON_STAT_START, &start));
		EXPECT_EQ(rows[i].start, start);
		close(fd);
		unlink(path);
	}
	EXPECT_FALSE(cordon_stat_read(AT_FDCWD, "/nowhere", CORDON_STAT_START, &(uint64_t){ 0 }));
}

TEST_HARNESS_MAIN
