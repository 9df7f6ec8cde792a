// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mount tables: what a line says, also of names with spaces and sources without a name; what makes
 * two tables differ, and nothing else. Needs no root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"

#include "mounts.h"

#define ROOT "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
#define DATA "23 22 8:17 / /mnt/a\\040b rw,nosuid shared:2 master:1 - vfat /dev/sdb1 rw,utf8\n"

static struct cordon_mounts read_text(const char *text)
{
	struct cordon_mounts mounts = { .nr = 0 };

	if (cordon_mounts_read(strdup(text), &mounts))
		abort();
	return mounts;
}

/* What a comparison says: "+/point -/point ..." */
static void note(void *state, const struct cordon_mount *mount, enum cordon_mount_change change)
{
	static const char signs[] = "+->=";
	char *at = state;

	sprintf(at + strlen(at), "%c%s ", signs[change], mount->point);
}

static const char *difference(const char *before, const char *after)
{
	static char text[512];
	struct cordon_mounts old = read_text(before), new = read_text(after);

	text[0] = '\0';
	cordon_mounts_compare(&old, &new, note, text);
	cordon_mounts_clear(&old);
	cordon_mounts_clear(&new);
	return text;
}

TEST(a_line)
{
	struct cordon_mounts mounts = read_text(DATA ROOT);
	const struct cordon_mount *mount = &mounts.entry[1];

	ASSERT_EQ(2, mounts.nr);
	EXPECT_EQ(22, mounts.entry[0].id);
	EXPECT_EQ(23, mount->id);
	EXPECT_EQ(22, mount->parent);
	EXPECT_STREQ("8:17", mount->device);
	EXPECT_STREQ("/", mount->root);
	EXPECT_STREQ("/mnt/a b", mount->point);
	EXPECT_STREQ("rw,nosuid", mount->options);
	EXPECT_STREQ("vfat", mount->type);
	EXPECT_STREQ("/dev/sdb1", mount->source);
	EXPECT_STREQ("rw,utf8", mount->super);
	cordon_mounts_clear(&mounts);
}

TEST(escapes)
{
	struct cordon_mounts mounts =
		read_text("1 0 0:1 / /\\134\\011\\012\\04x\\0 rw - tmpfs a\\040\\134040 rw\n");

	ASSERT_EQ(1, mounts.nr);
	EXPECT_STREQ("/\\\t\n\\04x\\0", mounts.entry[0].point);
	EXPECT_STREQ("a \\040", mounts.entry[0].source);
	cordon_mounts_clear(&mounts);
}

/* `mount -t tmpfs "" /x` must not hide. */
TEST(a_source_without_a_name)
{
	struct cordon_mounts mounts = read_text("1 0 0:1 / /x rw - tmpfs  rw\n");

	ASSERT_EQ(1, mounts.nr);
	EXPECT_STREQ("", mounts.entry[0].source);
	EXPECT_STREQ("rw", mounts.entry[0].super);
	cordon_mounts_clear(&mounts);
}

TEST(what_is_no_line)
{
	static const char *const texts[] = { "",
					     "\n\n",
					     "1",
					     "1 0 0:1 / ",
					     "1 0 0:1 / /x rw tmpfs a rw",
					     "x 0 0:1 / /x rw - tmpfs a rw",
					     "1 0 0:1 / /x rw - tmpfs a" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cordon_mounts mounts = read_text(texts[i]);

		EXPECT_EQ(0, mounts.nr);
		cordon_mounts_clear(&mounts);
	}
}

TEST(differences)
{
	EXPECT_STREQ("", difference(ROOT DATA, DATA ROOT));
	EXPECT_STREQ("+/mnt/a b ", difference(ROOT, ROOT DATA));
	EXPECT_STREQ("-/mnt/a b ", difference(ROOT DATA, ROOT));
	EXPECT_STREQ("+/ +/mnt/a b ", difference("", ROOT DATA));
	EXPECT_STREQ("-/ -/mnt/a b ", difference(ROOT DATA, ""));
	EXPECT_STREQ(">/b ",
		     difference("5 1 0:1 / /a rw - tmpfs t rw", "5 1 0:1 / /b rw - tmpfs t rw"));
	EXPECT_STREQ("=/a ",
		     difference("5 1 0:1 / /a rw - tmpfs t rw", "5 1 0:1 / /a ro - tmpfs t rw"));
	EXPECT_STREQ("=/a ",
		     difference("5 1 0:1 / /a rw - tmpfs t rw", "5 1 0:1 / /a rw - tmpfs t ro"));
	/* Its propagation is nobody's business. */
	EXPECT_STREQ("", difference("5 1 0:1 / /a rw - tmpfs t rw",
				    "5 1 0:1 / /a rw shared:9 - tmpfs t rw"));
}

/* A number is given again: this is another mount. */
TEST(a_number_that_came_again)
{
	EXPECT_STREQ("-/a +/b ",
		     difference("5 1 0:1 / /a rw - tmpfs t rw", "5 1 0:2 / /b rw - tmpfs t rw"));
	EXPECT_STREQ("-/a +/a ", difference("5 1 0:1 / /a rw - tmpfs t rw",
					    "5 1 0:1 / /a rw - tmpfs other rw"));
}

TEST_HARNESS_MAIN
