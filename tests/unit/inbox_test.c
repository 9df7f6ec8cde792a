// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The inbox: each file once, whatever else happens to it; again after a pause if that is asked for;
 * and of a medium its first files, however many it had before.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inbox.h"

FIXTURE(inbox)
{
	char root[64];
	struct cordon_context context;
	struct cordon_failure failure;
	struct cordon_inbox *inbox;
	struct cordon_inbox_file file;
};

FIXTURE_SETUP(inbox)
{
	memset(self, 0, sizeof(*self));
	strcpy(self->root, "/tmp/cordon-inbox-test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
	self->context = (struct cordon_context){ .root = self->root, .bpffs = "/nowhere" };
	ASSERT_EQ(0, cordon_inbox_open(&self->context, &self->failure, &self->inbox));
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	return remove(path);
}

FIXTURE_TEARDOWN(inbox)
{
	cordon_inbox_close(self->inbox);
	nftw(self->root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static struct cordon_path path_of(FIXTURE_DATA(inbox) * self, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/var/lib/cordon/inbox/%.64s", name);
	return cordon_path_root(&self->context, path);
}

static int put(FIXTURE_DATA(inbox) * self, const char *name)
{
	const struct cordon_path path = path_of(self, name);
	const int fd = open(path.text, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, "order", 5) != 5)
		return -1;
	return fd;
}

static bool next(FIXTURE_DATA(inbox) * self)
{
	if (!cordon_inbox_next(self->inbox, &self->file))
		return false;
	close(self->file.fd);
	return true;
}

TEST_F(inbox, gives_each_file_once)
{
	close(put(self, "one"));
	close(put(self, ".hidden"));
	EXPECT_TRUE(next(self));
	EXPECT_TRUE(self->file.own);
	EXPECT_FALSE(self->file.again);
	EXPECT_FALSE(next(self));
	close(put(self, "one"));
	EXPECT_TRUE(next(self));
	EXPECT_FALSE(next(self));
}

TEST_F(inbox, waits_for_who_writes)
{
	const int fd = put(self, "one");

	EXPECT_FALSE(next(self));
	close(fd);
	EXPECT_TRUE(next(self));
}

TEST_F(inbox, tries_again_after_a_pause)
{
	const struct timespec second = { .tv_sec = 1, .tv_nsec = 20000000 };

	close(put(self, "one"));
	close(put(self, "two"));
	ASSERT_TRUE(next(self));
	cordon_inbox_retry(self->inbox, &self->file);
	ASSERT_TRUE(next(self));
	EXPECT_FALSE(next(self));
	nanosleep(&second, NULL);
	ASSERT_TRUE(next(self));
	EXPECT_TRUE(self->file.again);
	EXPECT_FALSE(next(self));
	cordon_inbox_retry(self->inbox, &self->file);
	nanosleep(&second, NULL);
	EXPECT_FALSE(next(self));
	nanosleep(&second, NULL);
	EXPECT_TRUE(next(self));
	EXPECT_FALSE(next(self));
}

/* A stick that brings an order each day is read on the hundredth, too. */
TEST_F(inbox, takes_what_a_medium_brings_however_often)
{
	const struct cordon_path medium = path_of(self, "usb");

	ASSERT_EQ(0, mkdir(medium.text, 0700));
	for (int i = 0; i < 100; i++) {
		struct cordon_path path;
		char name[32];

		snprintf(name, sizeof(name), "usb/order-%d", i);
		close(put(self, name));
		ASSERT_TRUE(next(self))
		{
			TH_LOG("order %d", i);
		}
		EXPECT_FALSE(self->file.own);
		EXPECT_FALSE(next(self));
		path = path_of(self, name);
		unlink(path.text);
	}
}

TEST_F(inbox, takes_no_more_than_the_first_files_of_a_medium)
{
	const struct cordon_path medium = path_of(self, "usb");
	int nr = 0;

	ASSERT_EQ(0, mkdir(medium.text, 0700));
	for (int i = 0; i < 100; i++) {
		char name[32];

		snprintf(name, sizeof(name), "usb/order-%d", i);
		close(put(self, name));
	}
	while (next(self))
		nr++;
	EXPECT_EQ(64, nr);
}

/* The kernel tells who holds a lease that somebody else opens the file: by a signal that ends us. */
TEST_F(inbox, outlives_who_writes_all_the_time)
{
	struct cordon_path path = path_of(self, "one");
	const pid_t writer = fork();
	int seen = 0;

	/* It goes when we go, however that comes. */
	if (!writer)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!writer) {
		const int fd = open(path.text, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (fd < 0 || write(fd, "order", 5) != 5 || close(fd))
			_exit(1);
	}
	for (int i = 0; i < 30000; i++)
		seen += next(self);
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	EXPECT_LT(0, seen);
}

TEST_HARNESS_MAIN
