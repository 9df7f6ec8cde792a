// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A log that the store wrote is what it says; whatever is done to it is found, and what the node
 * itself recorded is told and is no breach.  Needs no root.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oracle/random.h"
#include "kselftest_harness.h"

#include "log_keys.h"
#include "log_segment.h"
#include "log_store.h"
#include "log_verify.h"
#include "util/cleanup.h"
#include "util/hex.h"

#define LIMIT (4UL << 20)
#define KINDS (CORDON_LOG_FINDING_LOST + 1)
#define RECORD_SIZE 200
#define FRAME sizeof(struct cordon_log_block)

FIXTURE(log)
{
	char path[40];
	int fd;
	struct cordon_log_store *store;
	uint8_t secret[CORDON_LOG_KEY_SIZE];
	struct cordon_log_sum sum;
	uint64_t found[KINDS];
	struct cordon_log_finding last[KINDS];
};

static bool reopen(FIXTURE_DATA(log) * self)
{
	struct cordon_failure failure = { .text = "" };

	cordon_log_store_close(self->store);
	self->store = NULL;
	return !cordon_log_store_open(self->path, LIMIT, &failure, &self->store);
}

/* As if it were killed: nothing is written any more. */
static void die(FIXTURE_DATA(log) * self)
{
	const struct rlimit none = { 0, RLIM_INFINITY }, all = { RLIM_INFINITY, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	cordon_log_store_close(self->store);
	self->store = NULL;
	setrlimit(RLIMIT_FSIZE, &all);
}

FIXTURE_SETUP(log)
{
	char text[2 * CORDON_LOG_KEY_SIZE + 1] = "";
	int fd;

	memset(self, 0, sizeof(*self));
	strcpy(self->path, "/tmp/cordon-log-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	self->fd = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_TRUE(reopen(self));
	fd = openat(self->fd, "enrol", O_RDONLY);
	ASSERT_EQ((ssize_t)sizeof(text) - 1, read(fd, text, sizeof(text) - 1));
	close(fd);
	ASSERT_EQ(0, cordon_hex_read(text, self->secret, sizeof(self->secret)));
}

FIXTURE_TEARDOWN(log)
{
	char command[64];

	cordon_log_store_close(self->store);
	close(self->fd);
	snprintf(command, sizeof(command), "rm -r %s", self->path);
	ASSERT_EQ(0, system(command));
}

static int write_block(FIXTURE_DATA(log) * self, enum cordon_event_class class,
		       unsigned int records)
{
	static uint64_t room[(CORDON_LOG_BLOCK_FRAME + CORDON_LOG_BLOCK_MAX) / 8];
	struct cordon_log_block *block = (void *)room;
	uint8_t *at = (uint8_t *)(block + 1);

	memset(block, 0, sizeof(*block));
	block->class = class;
	for (unsigned int i = 0; i < records; i++, at += RECORD_SIZE) {
		struct cordon_event *record = (void *)at;

		memset(at, (int)i, RECORD_SIZE);
		record->size = RECORD_SIZE;
		record->type = CORDON_EVENT_TYPE(class, 77);
		block->size += RECORD_SIZE;
		block->records++;
	}
	return cordon_log_store_write(self->store, block);
}

static void tell_start(FIXTURE_DATA(log) * self)
{
	struct cordon_event start = { .size = sizeof(start), .type = CORDON_EVENT_START };

	cordon_log_store_tell(self->store, &start);
}

static void take(void *state, const struct cordon_log_finding *finding)
{
	FIXTURE_DATA(log) *self = state;

	self->found[finding->kind]++;
	self->last[finding->kind] = *finding;
}

/* Return: breaches */
static uint64_t verify(FIXTURE_DATA(log) * self)
{
	struct cordon_failure failure = { .text = "" };

	memset(self->found, 0, sizeof(self->found));
	if (cordon_log_verify(self->fd, self->secret, take, self, &failure, &self->sum))
		return ~0ULL;
	return self->sum.breaches;
}

static off_t size_of(FIXTURE_DATA(log) * self, const char *name)
{
	struct stat stat;

	return fstatat(self->fd, name, &stat, 0) ? -1 : stat.st_size;
}

static bool cut_file(FIXTURE_DATA(log) * self, const char *name, off_t size)
{
	const int fd CLEANUP(close) = openat(self->fd, name, O_WRONLY);

	return !ftruncate(fd, size);
}

TEST_F(log, what_was_written_is_sound)
{
	for (int start = 0; start < 3; start++) {
		tell_start(self);
		for (int i = 0; i < 50; i++)
			ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
		ASSERT_EQ(0, write_block(self, CORDON_CLASS_AUTH, 1));
		cordon_log_store_checkpoint(self->store, self->secret, 0);
		ASSERT_TRUE(reopen(self));
		EXPECT_EQ(0, verify(self));
	}
	EXPECT_EQ(150, self->sum.class[CORDON_CLASS_PROCESS].blocks);
	EXPECT_EQ(15000, self->sum.class[CORDON_CLASS_PROCESS].records);
	EXPECT_EQ(3, self->sum.class[CORDON_CLASS_AUTH].records);
	EXPECT_EQ(6, self->sum.class[CORDON_CLASS_OWN].records);
}

TEST_F(log, only_one_process_writes_it)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_store *other;

	EXPECT_EQ(-EBUSY, cordon_log_store_open(self->path, LIMIT, &failure, &other));
}

TEST_F(log, the_key_of_another_log_finds_all_forged)
{
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 1));
	ASSERT_TRUE(reopen(self));
	self->secret[0] ^= 1;
	EXPECT_LT(0, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_FORGED]);
	EXPECT_EQ(0, self->sum.class[CORDON_CLASS_PROCESS].blocks);
}

TEST_F(log, what_was_not_synchronised_when_the_process_died_is_sound)
{
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	cordon_log_store_sync(self->store);
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	die(self);
	EXPECT_EQ(0, verify(self));
	EXPECT_EQ(2, self->sum.class[CORDON_CLASS_PROCESS].blocks);
	ASSERT_TRUE(reopen(self));
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	ASSERT_TRUE(reopen(self));
	EXPECT_EQ(0, verify(self));
	EXPECT_EQ(3, self->sum.class[CORDON_CLASS_PROCESS].blocks);
}

TEST_F(log, what_power_failure_tore_is_recorded_and_no_breach)
{
	off_t size;

	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	cordon_log_store_sync(self->store);
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	die(self);
	size = size_of(self, "process.00000000");
	ASSERT_TRUE(cut_file(self, "process.00000000", size - 1000));
	/* Until the node went on, nobody told of it. */
	EXPECT_EQ(1, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_STRANGE]);
	ASSERT_TRUE(reopen(self));
	ASSERT_TRUE(reopen(self));
	EXPECT_EQ(0, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_TORN]);
	/* Somebody takes more of it, later. */
	ASSERT_TRUE(cut_file(self, "process.00000000", size - 1008));
	EXPECT_EQ(0, verify(self));
	ASSERT_TRUE(cut_file(self, "process.00000000", 100));
	EXPECT_LT(0, verify(self));
}

static bool zero_file(FIXTURE_DATA(log) * self, const char *name, off_t from, off_t to)
{
	const int fd CLEANUP(close) = openat(self->fd, name, O_WRONLY);
	bool done = fd >= 0;

	for (off_t at = from; at < to && done; at++)
		done = pwrite(fd, "", 1, at) == 1;
	return done;
}

TEST_F(log, blocks_that_never_reached_the_disk_are_recorded)
{
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	const off_t size = size_of(self, "process.00000000");

	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	die(self);
	ASSERT_TRUE(zero_file(self, "process.00000000", size, 2 * size));
	EXPECT_EQ(2, verify(self));
	ASSERT_TRUE(reopen(self));
	ASSERT_TRUE(reopen(self));
	EXPECT_EQ(0, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_TORN]);
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_MISSED]);
	EXPECT_EQ(1, self->last[CORDON_LOG_FINDING_MISSED].first);
	EXPECT_EQ(1, self->last[CORDON_LOG_FINDING_MISSED].count);
}

/* No failure of power takes them; that the node goes on does not make it one. */
TEST_F(log, blocks_that_had_reached_the_disk_are_missed_for_good)
{
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	const off_t size = size_of(self, "process.00000000");

	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	cordon_log_store_sync(self->store);
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	die(self);
	ASSERT_TRUE(cut_file(self, "process.00000000", size + 8));
	ASSERT_TRUE(reopen(self));
	ASSERT_TRUE(reopen(self));
	EXPECT_EQ(2, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_REMOVED]);
	EXPECT_EQ(1, self->last[CORDON_LOG_FINDING_REMOVED].first);
	EXPECT_EQ(2, self->last[CORDON_LOG_FINDING_REMOVED].count);
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_STRANGE]);
}

/* Bytes that were torn in truth are no excuse for others. */
TEST_F(log, what_was_on_disk_is_not_torn)
{
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	const off_t size = size_of(self, "process.00000000") / 3;

	cordon_log_store_sync(self->store);
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	die(self);
	ASSERT_TRUE(cut_file(self, "process.00000000", 4 * size - 8));
	ASSERT_TRUE(reopen(self));
	ASSERT_TRUE(reopen(self));
	EXPECT_EQ(0, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_TORN]);
	ASSERT_TRUE(zero_file(self, "process.00000000", size + 1000, size + 1008));
	EXPECT_EQ(1, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_EDITED]);
}

/* Somebody who has the keys of now takes what was before, and has the log say that power did. */
static bool blame_power(FIXTURE_DATA(log) * self, enum cordon_event_class class, uint64_t first,
			uint64_t next)
{
	struct {
		struct cordon_log_block block;
		struct cordon_event_recovery recovery;
		uint8_t seal[CORDON_LOG_BLOCK_FRAME];
	} made = {
		.block = { .class = (uint16_t) class, .size = sizeof(made.recovery), .records = 1 },
		.recovery = { .event = { .size = sizeof(made.recovery),
					 .type = CORDON_EVENT_RECOVERY },
			      .class = class,
			      .next = next,
			      .missing = next - first }
	};

	return !cordon_log_store_write(self->store, &made.block) && reopen(self);
}

static bool remove_segment(FIXTURE_DATA(log) * self, enum cordon_event_class class, uint32_t number)
{
	return !unlinkat(self->fd, cordon_log_segment_name(class, number, false).text, 0) ||
	       !unlinkat(self->fd, cordon_log_segment_name(class, number, true).text, 0);
}

static bool write_three_segments(FIXTURE_DATA(log) * self, bool checkpoints)
{
	for (int i = 0; i < 3; i++) {
		if (write_block(self, CORDON_CLASS_PROCESS, 100))
			return false;
		cordon_log_store_sync(self->store);
		if (checkpoints)
			cordon_log_store_checkpoint(self->store, self->secret, 0);
		if (!reopen(self))
			return false;
	}
	return true;
}

TEST_F(log, what_power_is_said_to_have_taken_is_counted)
{
	ASSERT_TRUE(write_three_segments(self, false));
	ASSERT_TRUE(blame_power(self, CORDON_CLASS_PROCESS, 1, 3));
	EXPECT_EQ(0, verify(self));
	ASSERT_TRUE(remove_segment(self, CORDON_CLASS_PROCESS, 1));
	ASSERT_TRUE(remove_segment(self, CORDON_CLASS_PROCESS, 2));
	EXPECT_EQ(0, verify(self));
	EXPECT_EQ(2, self->sum.class[CORDON_CLASS_PROCESS].missed);
}

TEST_F(log, what_a_checkpoint_told_of_no_power_took)
{
	ASSERT_TRUE(write_three_segments(self, true));
	for (uint64_t next = 2; next <= 3; next++)
		ASSERT_TRUE(blame_power(self, CORDON_CLASS_PROCESS, 1, next));
	EXPECT_EQ(0, verify(self));
	ASSERT_TRUE(remove_segment(self, CORDON_CLASS_PROCESS, 1));
	ASSERT_TRUE(remove_segment(self, CORDON_CLASS_PROCESS, 2));
	EXPECT_EQ(1, verify(self));
	EXPECT_EQ(0, self->found[CORDON_LOG_FINDING_MISSED]);
	EXPECT_EQ(2, self->last[CORDON_LOG_FINDING_REMOVED].count);
}

TEST_F(log, power_takes_no_chain_of_checkpoints)
{
	uint64_t blocks;

	for (int i = 0; i < 80; i++) {
		tell_start(self);
		cordon_log_store_sync(self->store);
	}
	ASSERT_TRUE(reopen(self));
	ASSERT_EQ(0, verify(self));
	blocks = self->sum.class[CORDON_CLASS_OWN].blocks;
	EXPECT_EQ(80, blocks);
	ASSERT_TRUE(blame_power(self, CORDON_CLASS_OWN, 0, blocks));
	ASSERT_TRUE(remove_segment(self, CORDON_CLASS_OWN, 0));
	EXPECT_EQ(1, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_REMOVED]);
}

TEST_F(log, a_log_without_its_keys_does_not_prove_its_end)
{
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	ASSERT_TRUE(reopen(self));
	ASSERT_EQ(0, unlinkat(self->fd, CORDON_LOG_KEYS_FILE, 0));
	EXPECT_EQ(CORDON_CLASS_COUNT, verify(self));
	EXPECT_EQ(CORDON_CLASS_COUNT, self->found[CORDON_LOG_FINDING_UNPROVED]);
}

TEST_F(log, a_checkpoint_knows_what_was_there)
{
	ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 100));
	cordon_log_store_sync(self->store);
	cordon_log_store_checkpoint(self->store, self->secret, 0);
	ASSERT_TRUE(reopen(self));
	ASSERT_EQ(0, unlinkat(self->fd, CORDON_LOG_KEYS_FILE, 0));
	ASSERT_EQ(0, unlinkat(self->fd, "process.00000000", 0));
	EXPECT_EQ(CORDON_CLASS_COUNT + 1, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_CUT]);
}

TEST_F(log, space_is_kept_by_the_least_important_and_what_is_deleted_is_told)
{
	unsigned int refused = 0;

	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, write_block(self, CORDON_CLASS_AUTH, 300));
	for (int i = 0; i < 150; i++) {
		const int error = write_block(self, CORDON_CLASS_PROCESS, 320);

		/* Never more than the limit; and then there is room again. */
		EXPECT_GE(LIMIT, cordon_log_store_figures(self->store).used);
		if (!error)
			continue;
		ASSERT_EQ(-EDQUOT, error);
		refused++;
		EXPECT_EQ(0, write_block(self, CORDON_CLASS_AUTH, 3));
		cordon_log_store_make_room(self->store);
		ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 320));
	}
	EXPECT_LT(0, refused);
	cordon_log_store_make_room(self->store);
	ASSERT_TRUE(reopen(self));
	EXPECT_EQ(0, verify(self));
	EXPECT_LT(0, self->found[CORDON_LOG_FINDING_DELETED]);
	EXPECT_EQ(CORDON_CLASS_PROCESS, self->last[CORDON_LOG_FINDING_DELETED].class);
	EXPECT_EQ(4 + refused, self->sum.class[CORDON_CLASS_AUTH].blocks);
}

TEST_F(log, what_userspace_tells_waits_for_room_and_is_counted_beyond)
{
	const struct rlimit none = { 0, RLIM_INFINITY }, all = { RLIM_INFINITY, RLIM_INFINITY };
	struct cordon_event config = { .size = 24,
				       .type = CORDON_EVENT_TYPE(CORDON_CLASS_CONFIG, 1) };
	const unsigned int fit = CORDON_LOG_BLOCK_MAX / 24, more = 10;

	signal(SIGXFSZ, SIG_IGN);
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &none));
	for (unsigned int i = 0; i < fit + more; i++)
		cordon_log_store_tell(self->store, &config);
	cordon_log_store_sync(self->store);
	EXPECT_EQ(-EFBIG, cordon_log_store_figures(self->store).error);
	EXPECT_EQ(-EFBIG, write_block(self, CORDON_CLASS_PROCESS, 1));
	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &all));
	cordon_log_store_sync(self->store);
	cordon_log_store_tell(self->store, &config);
	ASSERT_TRUE(reopen(self));
	EXPECT_EQ(0, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_LOST]);
	EXPECT_EQ(more, self->last[CORDON_LOG_FINDING_LOST].count);
	EXPECT_EQ(fit + 2, self->sum.class[CORDON_CLASS_CONFIG].records);
}

/* ---- whatever is done to it --------------------------------------------------------------- */

struct bytes {
	uint8_t data[1 << 16];
	size_t size;
};

static bool load(FIXTURE_DATA(log) * self, const char *name, struct bytes *ret_bytes)
{
	const int fd CLEANUP(close) = openat(self->fd, name, O_RDONLY);
	const ssize_t got = read(fd, ret_bytes->data, sizeof(ret_bytes->data));

	ret_bytes->size = got > 0 ? (size_t)got : 0;
	return got > 0;
}

static bool save(FIXTURE_DATA(log) * self, const char *name, const struct bytes *bytes)
{
	const int fd CLEANUP(close) = openat(self->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	return write(fd, bytes->data, bytes->size) == (ssize_t)bytes->size;
}

#define BLOCKS 8U
#define BLOCK_SIZE (CORDON_LOG_BLOCK_FRAME + 3 * RECORD_SIZE)

/* @bytes: BLOCKS blocks of BLOCK_SIZE. Return: what was done, NULL: nothing. */
static const char *damage(struct random *random, struct bytes *bytes)
{
	const uint32_t a = random_below(random, BLOCKS), b = random_below(random, BLOCKS);
	uint8_t *at = bytes->data + (size_t)a * BLOCK_SIZE;
	uint8_t block[BLOCK_SIZE];

	switch (random_below(random, 6)) {
	case 0:
		bytes->data[random_below(random, (uint32_t)bytes->size)] ^=
			(uint8_t)(1U << random_below(random, 8));
		return "a bit is changed";
	case 1:
		memmove(at, at + BLOCK_SIZE, bytes->size - (size_t)(a + 1) * BLOCK_SIZE);
		bytes->size -= BLOCK_SIZE;
		return "a block is removed";
	case 2:
		memcpy(block, at, sizeof(block));
		memcpy(at, bytes->data + (size_t)b * BLOCK_SIZE, sizeof(block));
		memcpy(bytes->data + (size_t)b * BLOCK_SIZE, block, sizeof(block));
		return a == b ? NULL : "two blocks change places";
	case 3:
		memcpy(bytes->data + bytes->size, at, BLOCK_SIZE);
		bytes->size += BLOCK_SIZE;
		return "a block comes again";
	case 4:
		bytes->size = random_below(random, (uint32_t)bytes->size);
		return "the end is cut";
	default:
		memset(bytes->data + bytes->size, 0, 16);
		bytes->size += 16;
		return "something is behind it";
	}
}

TEST_F(log, whatever_is_done_to_a_chain_is_found)
{
	struct random random = random_start("damage");
	static struct bytes whole, bytes;

	for (unsigned int i = 0; i < BLOCKS; i++)
		ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 3));
	cordon_log_store_close(self->store);
	self->store = NULL;
	ASSERT_TRUE(load(self, "process.00000000", &whole));
	ASSERT_EQ(BLOCKS * BLOCK_SIZE, whole.size);
	for (int i = 0; i < 3000; i++) {
		const char *done;

		bytes = whole;
		done = damage(&random, &bytes);
		if (!done)
			continue;
		ASSERT_TRUE(save(self, "process.00000000", &bytes));
		ASSERT_LT(0, verify(self))
		TH_LOG("round %d: %s", i, done);
	}
	ASSERT_TRUE(save(self, "process.00000000", &whole));
	EXPECT_EQ(0, verify(self));
	ASSERT_TRUE(reopen(self));
}

TEST_F(log, a_block_that_was_edited_does_not_excuse_one_that_is_missing)
{
	static struct bytes bytes;

	for (unsigned int i = 0; i < BLOCKS; i++)
		ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 3));
	cordon_log_store_close(self->store);
	self->store = NULL;
	ASSERT_TRUE(load(self, "process.00000000", &bytes));
	bytes.data[2 * BLOCK_SIZE + FRAME] ^= 1;
	memmove(bytes.data + 5 * BLOCK_SIZE, bytes.data + 6 * BLOCK_SIZE, 2 * BLOCK_SIZE);
	bytes.size -= BLOCK_SIZE;
	ASSERT_TRUE(save(self, "process.00000000", &bytes));
	EXPECT_EQ(2, verify(self));
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_EDITED]);
	EXPECT_EQ(1, self->found[CORDON_LOG_FINDING_REMOVED]);
	EXPECT_EQ(5, self->last[CORDON_LOG_FINDING_REMOVED].first);
	EXPECT_EQ(1, self->last[CORDON_LOG_FINDING_REMOVED].count);
}

/* Who breaks in has the keys of the blocks to come, and may go on with them. */
TEST_F(log, what_was_before_a_break_in_cannot_be_made_anew)
{
	struct cordon_log_keys keys;
	static struct bytes whole;

	for (unsigned int i = 0; i < BLOCKS; i++)
		ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 3));
	cordon_log_store_close(self->store);
	self->store = NULL;
	ASSERT_EQ(0, cordon_log_keys_read(self->fd, &keys));
	EXPECT_EQ(BLOCKS, keys.chain[CORDON_CLASS_PROCESS].number);
	ASSERT_TRUE(load(self, "process.00000000", &whole));
	/* The last three are taken away, and the chain is said to be there. */
	whole.size -= 3 * BLOCK_SIZE;
	ASSERT_TRUE(save(self, "process.00000000", &whole));
	keys.chain[CORDON_CLASS_PROCESS].number -= 3;
	ASSERT_EQ(0, cordon_log_keys_write(self->fd, &keys));
	EXPECT_LT(0, verify(self));
	ASSERT_TRUE(reopen(self));
	for (unsigned int i = 0; i < 3; i++)
		ASSERT_EQ(0, write_block(self, CORDON_CLASS_PROCESS, 3));
	ASSERT_TRUE(reopen(self));
	EXPECT_LT(0, verify(self));
	EXPECT_EQ(3, self->found[CORDON_LOG_FINDING_FORGED]);
}

TEST_HARNESS_MAIN
