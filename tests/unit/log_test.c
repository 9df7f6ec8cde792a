// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blocks of the log: what is made is whole, what is changed in any bit is not, keys only go
 * forward, and a reader finds every block that is there.  Needs no root.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "kselftest_harness.h"

#include "log_block.h"
#include "log_key.h"
#include "log_keys.h"
#include "log_reader.h"
#include "log_store.h"
#include "util/cleanup.h"
#include "util/hex.h"

DEFINE_CLEANUP(reader, struct cordon_log_reader *, cordon_log_reader_close)

#define RECORDS 40U
#define BLOCK_SIZE (CORDON_LOG_BLOCK_FRAME + 8 * RECORDS)

static const uint8_t enrolled[CORDON_LOG_KEY_SIZE] = "a key that everybody may know";

struct room {
	uint64_t bytes[BLOCK_SIZE / 8];
};

static struct cordon_log_chain new_chain(enum cordon_event_class class)
{
	struct cordon_log_chain chain = { .records = 0 };

	cordon_log_key_first(enrolled, class, &chain.key);
	return chain;
}

static size_t make_block(struct cordon_log_chain *chain, enum cordon_event_class class,
			 struct room *ret_room)
{
	struct cordon_log_block *block = (void *)ret_room->bytes;

	memset(ret_room, 0x5a, sizeof(*ret_room));
	*block = (struct cordon_log_block){ .class = class,
					    .size = 8 * RECORDS,
					    .records = RECORDS };
	return cordon_log_block_close(block, chain);
}

static enum cordon_log_fault check_room(const struct room *room, size_t size,
					const struct cordon_log_key *key)
{
	const struct cordon_log_block *block;
	const struct cordon_log_seal *seal;
	const enum cordon_log_fault fault =
		cordon_log_block_check(room->bytes, size, CORDON_CLASS_PROCESS, &block, &seal);

	if (fault)
		return fault;
	return cordon_log_seal_is_by(seal, key) ? CORDON_LOG_WHOLE : CORDON_LOG_FORGED;
}

TEST(a_block_is_whole_and_no_bit_of_it_can_be_changed)
{
	struct cordon_log_chain chain = new_chain(CORDON_CLASS_PROCESS);
	const struct cordon_log_key key = chain.key;
	struct room room;

	ASSERT_EQ(sizeof(room), make_block(&chain, CORDON_CLASS_PROCESS, &room));
	ASSERT_EQ(CORDON_LOG_WHOLE, check_room(&room, sizeof(room), &key));
	for (size_t bit = 0; bit < 8 * sizeof(room); bit++) {
		((uint8_t *)room.bytes)[bit / 8] ^= (uint8_t)(1U << bit % 8);
		EXPECT_NE(CORDON_LOG_WHOLE, check_room(&room, sizeof(room), &key))
		TH_LOG("bit %zu", bit);
		((uint8_t *)room.bytes)[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t size = 0; size < sizeof(room); size++)
		EXPECT_EQ(CORDON_LOG_SHORT, check_room(&room, size, &key));
}

TEST(a_block_made_anew_with_a_later_key_is_forged)
{
	struct cordon_log_chain chain = new_chain(CORDON_CLASS_PROCESS), later;
	const struct cordon_log_key key = chain.key;
	struct room room;

	make_block(&chain, CORDON_CLASS_PROCESS, &room);
	later = chain;
	later.key.number = 0;
	later.records = 0;
	memset(later.former, 0, sizeof(later.former));
	make_block(&later, CORDON_CLASS_PROCESS, &room);
	EXPECT_EQ(CORDON_LOG_FORGED, check_room(&room, sizeof(room), &key));
}

TEST(blocks_follow_each_other)
{
	struct cordon_log_chain chain = new_chain(CORDON_CLASS_PROCESS);
	uint8_t former[CORDON_LOG_DIGEST_SIZE] = { 0 };

	for (uint64_t i = 0; i < 5; i++) {
		const struct cordon_log_block *block;
		const struct cordon_log_seal *seal;
		struct room room;

		make_block(&chain, CORDON_CLASS_PROCESS, &room);
		ASSERT_EQ(CORDON_LOG_WHOLE,
			  cordon_log_block_check(room.bytes, sizeof(room), CORDON_CLASS_PROCESS,
						 &block, &seal));
		EXPECT_EQ(i, block->number);
		EXPECT_EQ(i * RECORDS, block->first);
		EXPECT_EQ(0, memcmp(former, block->former, sizeof(former)));
		memcpy(former, seal->digest, sizeof(former));
	}
}

/* By Python's hmac module, from what cordon/log.h says. */
TEST(keys_are_those_that_the_format_says)
{
	struct cordon_log_key key;
	char text[2 * CORDON_LOG_KEY_SIZE + 1];

	cordon_log_key_first(enrolled, CORDON_CLASS_PROCESS, &key);
	cordon_log_key_to(&key, 1000);
	EXPECT_EQ(1000, key.number);
	cordon_hex_format(key.secret, sizeof(key.secret), text);
	EXPECT_STREQ("01945fbb2d82baee528adbaa913b42303ae7b81b5db516dde73801fff9b470fc", text);
	cordon_log_key_first(enrolled, CORDON_CLASS_OWN, &key);
	cordon_hex_format(key.secret, sizeof(key.secret), text);
	EXPECT_STREQ("3b71ba938da2a83ce11b53d0f64054176897c5a3e75944cdb64b483e9196d3b1", text);
}

FIXTURE(folder)
{
	char path[32];
	int fd;
};

FIXTURE_SETUP(folder)
{
	strcpy(self->path, "/tmp/cordon-log-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	self->fd = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(folder)
{
	char command[64];

	close(self->fd);
	snprintf(command, sizeof(command), "rm -r %s", self->path);
	ASSERT_EQ(0, system(command));
}

static bool put(int folder, const char *name, const void *bytes, size_t size)
{
	const int fd CLEANUP(close) = openat(folder, name, O_WRONLY | O_CREAT | O_APPEND, 0600);

	return fd >= 0 && write(fd, bytes, size) == (ssize_t)size;
}

TEST_F(folder, the_later_keys_are_read_and_the_older_are_erased)
{
	struct cordon_log_keys keys = { .sequence = 0 }, found;
	char file[2 * CORDON_LOG_KEYS_STRIDE];
	int fd;

	EXPECT_EQ(-ENOENT, cordon_log_keys_read(self->fd, &found));
	for (uint64_t i = 0; i < 5; i++) {
		memset(&keys.chain, 'a' + (int)i, sizeof(keys.chain));
		ASSERT_EQ(0, cordon_log_keys_write(self->fd, &keys));
		ASSERT_EQ(0, cordon_log_keys_read(self->fd, &found));
		EXPECT_EQ(0, memcmp(&keys, &found, sizeof(keys)));
	}
	fd = openat(self->fd, CORDON_LOG_KEYS_FILE, O_RDWR);
	memset(file, 0, sizeof(file));
	ASSERT_LT(0, pread(fd, file, sizeof(file), 0));
	EXPECT_NE(NULL, memmem(file, sizeof(file), "eeee", 4));
	EXPECT_EQ(NULL, memmem(file, sizeof(file), "dddd", 4));
	/* The next one is torn: this one stands. */
	ASSERT_EQ(100, pwrite(fd, file + CORDON_LOG_KEYS_STRIDE, 100, 0));
	ASSERT_EQ(0, cordon_log_keys_read(self->fd, &found));
	EXPECT_EQ(5, found.sequence);
	ASSERT_EQ(1, pwrite(fd, "x", 1, CORDON_LOG_KEYS_STRIDE + 100));
	EXPECT_EQ(-EBADMSG, cordon_log_keys_read(self->fd, &found));
	close(fd);
}

static struct cordon_log_found next_of(struct cordon_log_reader *reader, int *ret_result)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_found found = { .size = 0 };

	*ret_result = cordon_log_reader_next(reader, &failure, &found);
	return found;
}

TEST_F(folder, a_reader_finds_all_blocks_in_order_and_says_what_is_none)
{
	struct cordon_log_reader *reader CLEANUP(reader) = NULL;
	struct cordon_log_chain chain = new_chain(CORDON_CLASS_PROCESS);
	struct cordon_failure failure = { .text = "" };
	char packed[2 * BLOCK_SIZE];
	struct room room;
	size_t size;
	int result;

	make_block(&chain, CORDON_CLASS_PROCESS, &room);
	size = ZSTD_compress(packed, sizeof(packed), room.bytes, sizeof(room), 3);
	ASSERT_TRUE(put(self->fd, "process.00000001.zst", packed, size));
	make_block(&chain, CORDON_CLASS_PROCESS, &room);
	ASSERT_TRUE(put(self->fd, "process.00000002", room.bytes, sizeof(room)));
	ASSERT_TRUE(put(self->fd, "process.00000002", "strange", 8));
	make_block(&chain, CORDON_CLASS_PROCESS, &room);
	ASSERT_TRUE(put(self->fd, "process.00000002", room.bytes, sizeof(room)));
	ASSERT_TRUE(put(self->fd, "process.00000002", room.bytes, 100));
	/* Neither ours. */
	ASSERT_TRUE(put(self->fd, "process.2", "x", 1));
	ASSERT_TRUE(put(self->fd, "flow.00000001", "x", 1));

	ASSERT_EQ(0, cordon_log_reader_open(self->fd, CORDON_CLASS_PROCESS, &failure, &reader));
	EXPECT_EQ(0, next_of(reader, &result).block->number);
	EXPECT_EQ(1, next_of(reader, &result).block->number);
	EXPECT_EQ(CORDON_LOG_MALFORMED, next_of(reader, &result).fault);
	EXPECT_EQ(2, next_of(reader, &result).block->number);
	EXPECT_EQ(CORDON_LOG_SHORT, next_of(reader, &result).fault);
	next_of(reader, &result);
	EXPECT_EQ(0, result);
}

/* The losses of a class, in the place of the first two records of it. */
static size_t read_losses(int folder, enum cordon_event_class class,
			  struct cordon_event_loss *found)
{
	struct cordon_log_reader *reader CLEANUP(reader) = NULL;
	struct cordon_failure unsaid = { .text = "" };
	struct cordon_log_found block;

	if (cordon_log_reader_open(folder, class, &unsaid, &reader) ||
	    cordon_log_reader_next(reader, &unsaid, &block) != 1 ||
	    block.block->size < 2 * sizeof(*found))
		return 0;
	memcpy(found, block.block + 1, 2 * sizeof(*found));
	return block.block->records;
}

/* What could not be written is not what nobody heard. */
TEST_F(folder, what_is_lost_is_told_with_why)
{
	struct cordon_failure failure = { .text = "" };
	struct cordon_event_loss found[2];
	struct cordon_log_store *store;

	ASSERT_EQ(0, cordon_log_store_open(self->path, CORDON_LOG_LIMIT_MIN, &failure, &store));
	cordon_log_store_lost(store, CORDON_CLASS_CONFIG, CORDON_LOG_LOSS_UNHEARD, 1);
	cordon_log_store_lost(store, CORDON_CLASS_CONFIG, CORDON_LOG_LOSS_UNWRITTEN, 3);
	cordon_log_store_lost(store, CORDON_CLASS_CONFIG, CORDON_LOG_LOSS_UNHEARD, 1);
	cordon_log_store_close(store);
	ASSERT_EQ(2, read_losses(self->fd, CORDON_CLASS_CONFIG, found));
	EXPECT_EQ(CORDON_EVENT_NO_CPU, found[0].cpu);
	EXPECT_EQ(3, found[0].records);
	EXPECT_EQ(CORDON_LOSS_UNHEARD, found[1].cpu);
	EXPECT_EQ(2, found[1].records);
}

TEST_F(folder, a_segment_that_cannot_be_read_is_told_and_passed_over)
{
	struct cordon_log_reader *reader CLEANUP(reader) = NULL;
	struct cordon_log_chain chain = new_chain(CORDON_CLASS_PROCESS);
	struct cordon_failure failure = { .text = "" };
	struct room room;
	int result;

	make_block(&chain, CORDON_CLASS_PROCESS, &room);
	ASSERT_TRUE(put(self->fd, "process.00000001.zst", "no zstd", 8));
	ASSERT_TRUE(put(self->fd, "process.00000002", room.bytes, sizeof(room)));
	ASSERT_EQ(0, cordon_log_reader_open(self->fd, CORDON_CLASS_PROCESS, &failure, &reader));
	next_of(reader, &result);
	EXPECT_EQ(-EBADMSG, result);
	EXPECT_EQ(0, next_of(reader, &result).block->number);
	EXPECT_EQ(1, result);
	next_of(reader, &result);
	EXPECT_EQ(0, result);
}

TEST_HARNESS_MAIN
