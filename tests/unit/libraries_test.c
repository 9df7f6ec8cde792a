// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the loader maps: of a program of this machine, with its loader and C library; by the
 * loader's list alone, and by a list that is cut or lies. Needs no root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "libraries.h"
#include "util/file.h"

#define LIST "/etc/ld.so.cache"

/* A folder with the loader's list and a copy of a program, and nothing that it needs but @there */
static const char *make_root(size_t cut, const char *there)
{
	static char root[] = "/tmp/cordon-libraries.XXXXXX";
	char command[512];

	strcpy(root + sizeof(root) - 7, "XXXXXX");
	if (!mkdtemp(root))
		abort();
	snprintf(command, sizeof(command),
		 "cd %s && mkdir etc bin && cp /bin/sh bin/ && head -c %zu " LIST
		 ">etc/ld.so.cache &&"
		 " mkdir -p .%.*s && touch .%s",
		 root, cut, (int)(strrchr(there, '/') - there), there, there);
	if (system(command))
		abort();
	return root;
}

static void remove_root(const char *root)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	if (system(command))
		abort();
}

/* Which path ends so; NULL: none */
static const char *ending(const struct cordon_libraries *libraries, const char *end)
{
	for (size_t i = 0; i < libraries->nr; i++) {
		const char *path = libraries->path[i];

		if (strlen(path) > strlen(end) && !strcmp(path + strlen(path) - strlen(end), end))
			return path;
	}
	return NULL;
}

static size_t count(const char *root, const char *path)
{
	const struct cordon_context context = { .root = root };
	struct cordon_libraries libraries = { .context = &context };
	size_t nr;

	if (cordon_libraries_add(&libraries, path))
		abort();
	nr = libraries.nr;
	cordon_libraries_clear(&libraries);
	return nr;
}

TEST(program)
{
	const struct cordon_context context = { .root = "" };
	struct cordon_libraries libraries = { .context = &context };
	size_t nr;

	ASSERT_EQ(0, cordon_libraries_add(&libraries, "/bin/sh"));
	EXPECT_NE(NULL, ending(&libraries, "/libc.so.6"));
	EXPECT_NE(NULL, strstr(libraries.path[0], "ld-linux"));
	nr = libraries.nr;
	ASSERT_EQ(0, cordon_libraries_add(&libraries, "/bin/sh"));
	EXPECT_EQ(nr, libraries.nr);
	cordon_libraries_clear(&libraries);
}

TEST(no_program)
{
	EXPECT_EQ(0, count("", "/etc/passwd"));
	EXPECT_EQ(0, count("", "/nonexistent"));
	EXPECT_EQ(0, count("", "/etc"));
}

/* The list says where it is, and it is there. */
TEST(list)
{
	const struct cordon_context here = { .root = "" };
	struct cordon_libraries libraries = { .context = &here };
	const char *root, *library;

	ASSERT_EQ(0, cordon_libraries_add(&libraries, "/bin/sh"));
	library = ending(&libraries, "/libc.so.6");
	ASSERT_NE(NULL, library);
	root = make_root(1 << 30, library);
	EXPECT_EQ(1, count(root, "/bin/sh"));
	EXPECT_EQ(0, count(root, "/bin/none"));
	remove_root(root);
	cordon_libraries_clear(&libraries);
}

/* Wherever it is cut: nothing is read behind its end, and the default folders are left. */
TEST(cut_list)
{
	static const size_t cuts[] = { 0, 1, 20, 47, 48, 60, 72, 1000 };

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		const char *root = make_root(cuts[i], "/usr/lib/libc.so.6");

		EXPECT_EQ(1, count(root, "/bin/sh"));
		remove_root(root);
	}
}

TEST(folder)
{
	const char *root = make_root(0, "/opt/lib/one.so");
	const struct cordon_context context = { .root = root };
	struct cordon_libraries libraries = { .context = &context };

	ASSERT_EQ(0, cordon_libraries_list(&libraries, "/opt/lib"));
	ASSERT_EQ(1, libraries.nr);
	EXPECT_STREQ("/opt/lib/one.so", libraries.path[0]);
	ASSERT_EQ(0, cordon_libraries_list(&libraries, "/opt/lib/one.so"));
	EXPECT_EQ(1, libraries.nr);
	cordon_libraries_clear(&libraries);
	remove_root(root);
}

TEST_HARNESS_MAIN
