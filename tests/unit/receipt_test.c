// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A receipt is on stable storage when it is kept: the file before it has its name, the name after.
 */
#include <kselftest_harness.h>

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "receipt.h"

static char synced[4][128];
static int nr_synced;

/* Instead of the C library's: notes what is synced. */
int fsync(int fd)
{
	char link[32];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (nr_synced < 4 && readlink(link, synced[nr_synced], sizeof(synced[0]) - 1) > 0)
		nr_synced++;
	return (int)syscall(SYS_fsync, fd);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	return remove(path);
}

static const char *after_root(const char *path, const char *root)
{
	return strncmp(path, root, strlen(root)) ? path : path + strlen(root);
}

static void keep(struct __test_metadata *_metadata, enum cordon_refusal refusal, const char *folder)
{
	char root[] = "/tmp/cordon-receipt-test.XXXXXX";
	const struct cordon_context context = { .root = root, .bpffs = "/nowhere" };
	const struct cordon_outcome outcome = { .refusal = refusal };
	const struct cordon_warrant warrant = { .is_order = true };
	struct cordon_failure failure = { .text = "" };

	ASSERT_NE(NULL, mkdtemp(root));
	EXPECT_EQ(0, cordon_receipt_keep(&context, &warrant, &outcome, &failure));
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	EXPECT_EQ(2, nr_synced);
	EXPECT_NE(NULL, strstr(synced[0], "/.new."));
	EXPECT_STREQ(folder, after_root(synced[1], root));
}

TEST(of_an_order_that_was_carried_out)
{
	keep(_metadata, CORDON_REFUSAL_NONE, "/var/lib/cordon/receipts");
}

TEST(of_an_order_that_was_refused)
{
	keep(_metadata, CORDON_REFUSAL_REPLAYED, "/var/lib/cordon/receipts/refused");
}

TEST_HARNESS_MAIN
