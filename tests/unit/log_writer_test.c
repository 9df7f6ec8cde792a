// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A chain of the log goes on behind its last whole block, whatever was done to the files meanwhile,
 * and says what it found; a block that finds no room leaves nothing behind.  Needs no root.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "log_reader.h"
#include "log_writer.h"
#include "util/cleanup.h"

#define CLASS CORDON_CLASS_AUTH
#define RECORDS 40U
#define BLOCK_SIZE (CORDON_LOG_BLOCK_FRAME + 8 * RECORDS)
#define SEGMENT_LIMIT (4 * BLOCK_SIZE)

static const uint8_t enrolled[CORDON_LOG_KEY_SIZE] = "a key that everybody may know";

FIXTURE(log)
{
	char path[32];
	int fd;
	struct cordon_log_key first;
	struct cordon_log_writer *writer;
	struct cordon_log_recovery recovery;
};

FIXTURE_SETUP(log)
{
	strcpy(self->path, "/tmp/cordon-log-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	self->fd = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	cordon_log_key_first(enrolled, CLASS, &self->first);
	self->writer = NULL;
}

FIXTURE_TEARDOWN(log)
{
	char command[64];

	if (self->writer)
		cordon_log_writer_close(self->writer);
	close(self->fd);
	snprintf(command, sizeof(command), "rm -r %s", self->path);
	ASSERT_EQ(0, system(command));
}

/* Return: the key that would be kept; goes on from @kept. */
static struct cordon_log_key go_on(FIXTURE_DATA(log) * self, const struct cordon_log_key *kept)
{
	const struct cordon_log_key key = *kept;
	struct cordon_failure failure = { .text = "" };

	if (self->writer)
		cordon_log_writer_close(self->writer);
	self->writer = NULL;
	if (cordon_log_writer_open(self->fd, CLASS, &key, SEGMENT_LIMIT, &failure, &self->recovery,
				   &self->writer))
		return (struct cordon_log_key){ .number = ~0ULL };
	return cordon_log_writer_chain(self->writer)->key;
}

static int add(FIXTURE_DATA(log) * self, int blocks)
{
	uint64_t room[BLOCK_SIZE / 8];
	struct cordon_log_block *block = (void *)room;
	int error = 0;

	for (int i = 0; i < blocks && !error; i++) {
		memset(room, 0x5a, sizeof(room));
		*block = (struct cordon_log_block){ .size = 8 * RECORDS, .records = RECORDS };
		error = cordon_log_writer_add(self->writer, block);
	}
	return error;
}

/* Blocks that are authentic in the order of their numbers, from 0 on without a hole. */
static uint64_t sound_blocks(FIXTURE_DATA(log) * self)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_key key = self->first;
	struct cordon_log_reader *reader;
	struct cordon_log_found found;
	uint64_t blocks = 0;
	int result;

	if (cordon_log_reader_open(self->fd, CLASS, &failure, &reader))
		return 0;
	while ((result = cordon_log_reader_next(reader, &failure, &found)) != 0) {
		if (result < 0 || found.fault || found.block->number != key.number ||
		    !cordon_log_seal_is_by(found.seal, &key))
			continue;
		blocks++;
		cordon_log_key_next(&key);
	}
	cordon_log_reader_close(reader);
	return blocks;
}

static int open_file(FIXTURE_DATA(log) * self, const char *name)
{
	return openat(self->fd, name, O_RDWR | O_CLOEXEC);
}

static bool is_clean(const struct cordon_log_recovery *recovery)
{
	return !recovery->torn && !recovery->gaps && !recovery->forged && !recovery->unreadable;
}

TEST_F(log, a_chain_goes_on_over_segments_and_starts)
{
	EXPECT_EQ(0, go_on(self, &self->first).number);
	EXPECT_TRUE(is_clean(&self->recovery));
	ASSERT_EQ(0, add(self, 10));
	EXPECT_EQ(10, go_on(self, &cordon_log_writer_chain(self->writer)->key).number);
	EXPECT_TRUE(is_clean(&self->recovery));
	ASSERT_EQ(0, add(self, 1));
	EXPECT_EQ(11, sound_blocks(self));
	EXPECT_EQ(0, faccessat(self->fd, "auth.00000002", F_OK, 0));
}

TEST_F(log, a_key_that_was_kept_earlier_goes_on_behind_what_it_made)
{
	struct cordon_log_key early;

	go_on(self, &self->first);
	ASSERT_EQ(0, add(self, 3));
	early = cordon_log_writer_chain(self->writer)->key;
	ASSERT_EQ(0, add(self, 4));
	EXPECT_EQ(7, go_on(self, &early).number);
	EXPECT_TRUE(is_clean(&self->recovery));
	ASSERT_EQ(0, add(self, 1));
	EXPECT_EQ(8, sound_blocks(self));
}

TEST_F(log, what_power_failure_tore_is_told_and_stays)
{
	struct cordon_log_key early;
	struct stat stat;
	int fd;

	go_on(self, &self->first);
	ASSERT_EQ(0, add(self, 2));
	early = cordon_log_writer_chain(self->writer)->key;
	ASSERT_EQ(0, add(self, 1));
	fd = open_file(self, "auth.00000000");
	ASSERT_EQ(0, ftruncate(fd, (off_t)(2 * BLOCK_SIZE + 104)));
	EXPECT_EQ(2, go_on(self, &early).number);
	EXPECT_EQ(104, self->recovery.torn);
	EXPECT_EQ(0, self->recovery.gaps);
	ASSERT_EQ(0, add(self, 1));
	EXPECT_EQ(3, sound_blocks(self));
	ASSERT_EQ(0, fstat(fd, &stat));
	EXPECT_EQ(2 * BLOCK_SIZE + 104, (size_t)stat.st_size);
	close(fd);
}

TEST_F(log, goes_on_over_segments_that_were_never_synchronised)
{
	go_on(self, &self->first);
	ASSERT_EQ(0, add(self, 19));
	EXPECT_EQ(19, go_on(self, &self->first).number);
	EXPECT_TRUE(is_clean(&self->recovery));
	ASSERT_EQ(0, add(self, 1));
	EXPECT_EQ(20, sound_blocks(self));
}

TEST_F(log, a_hole_that_power_failure_left_is_told_and_the_rest_counts)
{
	struct cordon_log_key early;
	static const char zeros[BLOCK_SIZE];
	int fd;

	go_on(self, &self->first);
	ASSERT_EQ(0, add(self, 2));
	early = cordon_log_writer_chain(self->writer)->key;
	ASSERT_EQ(0, add(self, 9));
	fd = open_file(self, "auth.00000000");
	ASSERT_EQ((ssize_t)BLOCK_SIZE, pwrite(fd, zeros, BLOCK_SIZE, 2 * BLOCK_SIZE));
	close(fd);
	ASSERT_EQ(0, unlinkat(self->fd, "auth.00000001", 0));
	EXPECT_EQ(11, go_on(self, &early).number);
	EXPECT_EQ(BLOCK_SIZE, self->recovery.torn);
	EXPECT_EQ(0, self->recovery.forged);
	ASSERT_EQ(2, self->recovery.gaps);
	EXPECT_EQ(2, self->recovery.gap[0].first);
	EXPECT_EQ(1, self->recovery.gap[0].count);
	EXPECT_EQ(4, self->recovery.gap[1].first);
	EXPECT_EQ(4, self->recovery.gap[1].count);
}

TEST_F(log, blocks_that_the_keys_know_and_nobody_has_are_missed)
{
	struct cordon_log_key late;
	int fd;

	go_on(self, &self->first);
	ASSERT_EQ(0, add(self, 3));
	late = cordon_log_writer_chain(self->writer)->key;
	fd = open_file(self, "auth.00000000");
	ASSERT_EQ(0, ftruncate(fd, (off_t)BLOCK_SIZE));
	close(fd);
	EXPECT_EQ(3, go_on(self, &late).number);
	EXPECT_EQ(2, self->recovery.gap[0].count);
	ASSERT_EQ(0, unlinkat(self->fd, "auth.00000000", 0));
	EXPECT_EQ(3, go_on(self, &late).number);
	EXPECT_EQ(3, self->recovery.gap[0].count);
}

TEST_F(log, a_block_that_somebody_made_with_another_key_does_not_lead_the_chain)
{
	struct cordon_log_key early, strange;
	FIXTURE_DATA(log) other = *self;

	go_on(self, &self->first);
	ASSERT_EQ(0, add(self, 2));
	early = cordon_log_writer_chain(self->writer)->key;
	strange = early;
	strange.secret[0] ^= 1;
	other.writer = NULL;
	go_on(&other, &strange);
	ASSERT_EQ(0, add(&other, 2));
	cordon_log_writer_close(other.writer);
	EXPECT_EQ(2, go_on(self, &early).number);
	EXPECT_EQ(2, self->recovery.forged);
	ASSERT_EQ(0, add(self, 1));
	EXPECT_EQ(3, sound_blocks(self));
}

TEST_F(log, a_segment_that_cannot_be_read_does_not_stop_the_log)
{
	struct cordon_log_key late;
	int fd;

	go_on(self, &self->first);
	ASSERT_EQ(0, add(self, 3));
	late = cordon_log_writer_chain(self->writer)->key;
	fd = openat(self->fd, "auth.00000001.zst", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ASSERT_EQ(4, write(fd, "none", 4));
	close(fd);
	EXPECT_EQ(3, go_on(self, &late).number);
	EXPECT_EQ(1, self->recovery.unreadable);
	EXPECT_EQ(0, self->recovery.gaps);
	ASSERT_EQ(0, add(self, 1));
	EXPECT_EQ(4, sound_blocks(self));
}

TEST_F(log, a_block_without_room_leaves_nothing_behind)
{
	const struct rlimit small = { (rlim_t)(3 * BLOCK_SIZE - 8), RLIM_INFINITY };
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };
	uint64_t room[BLOCK_SIZE / 8] = { 0 };
	struct cordon_log_block *block = (void *)room;

	signal(SIGXFSZ, SIG_IGN);
	go_on(self, &self->first);
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &small));
	ASSERT_EQ(0, add(self, 2));
	*block = (struct cordon_log_block){ .size = 8 * RECORDS, .records = RECORDS };
	EXPECT_EQ(-EFBIG, cordon_log_writer_add(self->writer, block));
	EXPECT_EQ(2, sound_blocks(self));
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &none));
	ASSERT_EQ(0, add(self, 2));
	EXPECT_EQ(4, sound_blocks(self));
	go_on(self, &cordon_log_writer_chain(self->writer)->key);
	EXPECT_TRUE(is_clean(&self->recovery));
}

TEST_HARNESS_MAIN
