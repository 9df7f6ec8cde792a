// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stable storage by a thread: what matters is there at once, what was begun is ended, and nobody is
 * kept waiting. That a key has moved on is how it is seen: it is written last.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "log_keys.h"
#include "log_store.h"
#include "log_sync.h"
#include "util/clock.h"

#define MS 1000000ULL

FIXTURE(store)
{
	char path[64];
	int folder, wake;
	struct cordon_log_store *store;
};

FIXTURE_SETUP(store)
{
	struct cordon_failure failure = { .text = "" };

	strcpy(self->path, "/tmp/cordon-sync-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	self->folder = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	self->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT_EQ(0, cordon_log_store_open(self->path, 1 << 24, &failure, &self->store));
	cordon_log_store_set_wake(self->store, self->wake);
}

FIXTURE_TEARDOWN(store)
{
	char command[96];

	cordon_log_store_close(self->store);
	close(self->wake);
	close(self->folder);
	snprintf(command, sizeof(command), "rm -r %s", self->path);
	EXPECT_EQ(0, system(command));
}

static void tell(FIXTURE_DATA(store) * self, uint16_t type)
{
	struct cordon_event event = { .size = sizeof(event), .type = type };

	cordon_log_store_tell(self->store, &event);
	cordon_log_store_settle(self->store);
}

/* Return: number of the block to come, as the disk knows it */
static uint64_t stored(FIXTURE_DATA(store) * self, enum cordon_event_class class)
{
	struct cordon_log_keys keys;

	return cordon_log_keys_read(self->folder, &keys) ? UINT64_MAX : keys.chain[class].number;
}

static bool woken(FIXTURE_DATA(store) * self, int milliseconds)
{
	struct pollfd ready = { .fd = self->wake, .events = POLLIN };
	uint64_t times;

	return poll(&ready, 1, milliseconds) == 1 &&
	       read(self->wake, &times, sizeof(times)) == sizeof(times);
}

TEST_F(store, what_matters_is_stored_at_once)
{
	const uint64_t start = cordon_clock_ns();

	ASSERT_EQ(0, stored(self, CORDON_CLASS_ENFORCEMENT));
	tell(self, CORDON_EVENT_LATCH);
	ASSERT_TRUE(woken(self, 2000));
	TH_LOG("stored after %llu us", (unsigned long long)(cordon_clock_ns() - start) / 1000);
	EXPECT_EQ(1, stored(self, CORDON_CLASS_ENFORCEMENT));
}

TEST_F(store, what_comes_meanwhile_is_stored_next)
{
	for (int i = 0; i < 5; i++)
		tell(self, CORDON_EVENT_TAKEN);
	for (int i = 0; i < 20 && stored(self, CORDON_CLASS_TAMPER) < 5; i++) {
		woken(self, 500);
		cordon_log_store_settle(self->store);
	}
	EXPECT_EQ(5, stored(self, CORDON_CLASS_TAMPER));
}

TEST_F(store, what_can_wait_waits)
{
	tell(self, CORDON_EVENT_FORK);
	EXPECT_FALSE(woken(self, 100));
	EXPECT_EQ(0, stored(self, CORDON_CLASS_PROCESS));
	cordon_log_store_sync(self->store);
	EXPECT_EQ(1, stored(self, CORDON_CLASS_PROCESS));
}

TEST_F(store, goes_with_what_does_not)
{
	tell(self, CORDON_EVENT_FORK);
	tell(self, CORDON_EVENT_LATCH);
	ASSERT_TRUE(woken(self, 2000));
	EXPECT_EQ(1, stored(self, CORDON_CLASS_PROCESS));
}

TEST_F(store, a_flood_of_what_matters_is_stored_in_fewer_steps)
{
	const uint64_t start = cordon_clock_ns();
	unsigned int steps = 0;

	for (int i = 0; i < 2000 && cordon_clock_ns() - start < 3000 * MS; i++) {
		tell(self, CORDON_EVENT_LATCH);
		steps += woken(self, 0);
		usleep(500);
	}
	EXPECT_LE(steps, 25U * (1 + (cordon_clock_ns() - start) / (1000 * MS)));
	cordon_log_store_sync(self->store);
	EXPECT_LE(1000, stored(self, CORDON_CLASS_ENFORCEMENT));
}

TEST(a_disk_that_fails_is_told)
{
	struct cordon_log_job job = { .files = { .nr = 1 } };
	struct cordon_log_sync *sync;
	int ends[2];

	ASSERT_EQ(0, cordon_log_sync_open(-1, &sync));
	EXPECT_FALSE(cordon_log_sync_end(sync, true, &job));
	/* A pipe has no storage. */
	ASSERT_EQ(0, pipe(ends));
	close(ends[0]);
	job.files.fd = malloc(sizeof(int));
	ASSERT_NE(NULL, job.files.fd);
	job.files.fd[0] = ends[1];
	ASSERT_TRUE(cordon_log_sync_begin(sync, &job));
	EXPECT_EQ(0, job.files.nr);
	EXPECT_TRUE(cordon_log_sync_is_busy(sync));
	ASSERT_TRUE(cordon_log_sync_end(sync, true, &job));
	EXPECT_GT(0, job.error);
	EXPECT_FALSE(cordon_log_sync_is_busy(sync));
	cordon_log_sync_close(sync);
}

TEST_HARNESS_MAIN
