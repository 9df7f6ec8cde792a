// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A log that is being written is sound whenever it is looked at, and a breach in it is found; where
 * its chains end is read without its key; and the key leaves it once.  Needs no root.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "log_enrol.h"
#include "log_look.h"
#include "log_segment.h"
#include "log_store.h"
#include "log_tail.h"
#include "util/cleanup.h"
#include "util/hex.h"

#define LIMIT CORDON_LOG_LIMIT_MIN
#define RECORD_SIZE 200U
#define LOOKS 12

FIXTURE(look)
{
	char path[40];
	int fd;
	struct cordon_log_store *store;
	struct cordon_log_key_text key;
	uint8_t secret[CORDON_LOG_KEY_SIZE];
	struct cordon_log_look look;
	atomic_bool end;
};

static int take_key(FIXTURE_DATA(look) * self)
{
	struct cordon_failure failure = { .text = "" };
	int fd CLEANUP(close) = -1;
	int error;

	error = cordon_log_enrol_open(self->fd, self->path, &failure, &fd, &self->key);
	if (!error)
		error = cordon_log_enrol_erase(self->fd, fd, self->path, &failure);
	return error;
}

FIXTURE_SETUP(look)
{
	struct cordon_failure failure = { .text = "" };

	memset(self, 0, sizeof(*self));
	strcpy(self->path, "/tmp/cordon-log-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	self->fd = open(self->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(-ENOENT, take_key(self));
	ASSERT_EQ(0, cordon_log_store_open(self->path, LIMIT, &failure, &self->store));
	ASSERT_EQ(0, take_key(self));
	ASSERT_EQ(2 * CORDON_LOG_KEY_SIZE + 1, strlen(self->key.text));
	self->key.text[2 * CORDON_LOG_KEY_SIZE] = '\0';
	ASSERT_EQ(0, cordon_hex_read(self->key.text, self->secret, sizeof(self->secret)));
}

FIXTURE_TEARDOWN(look)
{
	char command[64];

	cordon_log_look_clear(&self->look);
	cordon_log_store_close(self->store);
	close(self->fd);
	snprintf(command, sizeof(command), "rm -r %s", self->path);
	ASSERT_EQ(0, system(command));
}

static int write_block(FIXTURE_DATA(look) * self, unsigned int records)
{
	static uint64_t room[(CORDON_LOG_BLOCK_FRAME + CORDON_LOG_BLOCK_MAX) / 8];
	struct cordon_log_block *block = (void *)room;
	uint32_t *words = (uint32_t *)(block + 1);

	memset(block, 0, sizeof(*block));
	block->class = CORDON_CLASS_PROCESS;
	block->records = records;
	block->size = records * RECORD_SIZE;
	/* Not to be compressed to nothing: the log must become full. */
	for (unsigned int i = 0; i < block->size / sizeof(*words); i++)
		words[i] = (uint32_t)random();
	for (unsigned int i = 0; i < records; i++) {
		struct cordon_event *record = (void *)&words[i * RECORD_SIZE / sizeof(*words)];

		record->size = RECORD_SIZE;
		record->type = CORDON_EVENT_TYPE(CORDON_CLASS_PROCESS, 77);
	}
	return cordon_log_store_write(self->store, block);
}

/* Return: breaches */
static uint64_t look(FIXTURE_DATA(look) * self)
{
	struct cordon_failure failure = { .text = "" };

	cordon_log_look_clear(&self->look);
	if (cordon_log_look(self->fd, self->secret, &failure, &self->look))
		return ~0ULL;
	return self->look.breaches;
}

static bool found(const FIXTURE_DATA(look) * self, enum cordon_log_finding_kind kind)
{
	for (size_t i = 0; i < self->look.nr; i++) {
		if (self->look.finding[i].kind == kind)
			return true;
	}
	return false;
}

static bool change_byte(FIXTURE_DATA(look) * self, const char *name, off_t offset)
{
	const int fd CLEANUP(close) = openat(self->fd, name, O_RDWR);
	char byte;

	if (pread(fd, &byte, 1, offset) != 1)
		return false;
	byte ^= 1;
	return pwrite(fd, &byte, 1, offset) == 1;
}

static void *write_on(void *state)
{
	FIXTURE_DATA(look) *self = state;

	for (unsigned int i = 0; !self->end; i++) {
		int error = write_block(self, 1 + i % 300);

		if (error == -EDQUOT) {
			cordon_log_store_make_room(self->store);
			error = write_block(self, 1 + i % 300);
		}
		if (error)
			return "cannot write";
		if (i % 50 == 0)
			cordon_log_store_sync(self->store);
	}
	return NULL;
}

TEST_F(look, what_is_being_written_is_sound)
{
	uint64_t breaches = 0;
	bool deleted = false;
	pthread_t writer;
	void *problem;

	ASSERT_EQ(0, pthread_create(&writer, NULL, write_on, self));
	for (int i = 0; !breaches && (i < LOOKS || !deleted); i++) {
		breaches = look(self);
		deleted |= found(self, CORDON_LOG_FINDING_DELETED);
	}
	self->end = true;
	ASSERT_EQ(0, pthread_join(writer, &problem));
	EXPECT_EQ(NULL, problem);
	EXPECT_EQ(0, breaches)
	{
		for (size_t i = 0; i < self->look.nr; i++)
			TH_LOG("%s: segment %u, %llu, %llu",
			       cordon_log_finding_name(self->look.finding[i].kind),
			       self->look.finding[i].segment,
			       (unsigned long long)self->look.finding[i].first,
			       (unsigned long long)self->look.finding[i].count);
	}
	EXPECT_TRUE(deleted);
}

TEST_F(look, a_breach_in_what_is_being_written_is_found)
{
	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, write_block(self, 3));
	cordon_log_store_sync(self->store);
	EXPECT_EQ(0, look(self));
	ASSERT_TRUE(change_byte(self, "process.00000000", 100));
	EXPECT_EQ(1, look(self));
	EXPECT_TRUE(found(self, CORDON_LOG_FINDING_EDITED));
	ASSERT_EQ(0, unlinkat(self->fd, "process.00000000", 0));
	EXPECT_EQ(1, look(self));
	EXPECT_TRUE(found(self, CORDON_LOG_FINDING_CUT));
}

TEST_F(look, neighbours_are_one_finding)
{
	for (int i = 0; i < 8; i++)
		ASSERT_EQ(0, write_block(self, 3));
	cordon_log_store_close(self->store);
	self->store = NULL;
	self->secret[0] ^= 1;
	EXPECT_EQ(1 + CORDON_CLASS_COUNT, look(self));
	EXPECT_TRUE(found(self, CORDON_LOG_FINDING_FORGED));
	EXPECT_EQ(1 + CORDON_CLASS_COUNT, self->look.nr);
}

TEST_F(look, a_tail_is_where_a_chain_ends)
{
	struct cordon_log_tail tail;

	ASSERT_EQ(0, cordon_log_tail_read(self->fd, CORDON_CLASS_PROCESS, &tail));
	EXPECT_EQ(0, tail.blocks + tail.records + tail.bytes);
	for (unsigned int i = 1; i <= 100; i++) {
		ASSERT_EQ(0, write_block(self, i));
		if (i % 10)
			continue;
		cordon_log_store_make_room(self->store);
		ASSERT_EQ(0, cordon_log_tail_read(self->fd, CORDON_CLASS_PROCESS, &tail));
		EXPECT_EQ(i, tail.blocks);
		EXPECT_EQ(i * (i + 1) / 2, tail.records);
		EXPECT_EQ(i, tail.last.records);
	}
	EXPECT_LT(0, tail.bytes);
	EXPECT_GE(LIMIT, tail.bytes);
	ASSERT_EQ(0, look(self));
	EXPECT_EQ(tail.blocks, self->look.sum.class[CORDON_CLASS_PROCESS].blocks);
}

TEST_F(look, the_key_is_taken_once)
{
	EXPECT_EQ(-ENODATA, take_key(self));
	EXPECT_EQ(-1, faccessat(self->fd, CORDON_LOG_ENROL_FILE, F_OK, 0));
}

static bool write_text(FIXTURE_DATA(look) * self, const char *name, const char *text, size_t size)
{
	const int fd CLEANUP(close) = openat(self->fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	return write(fd, text, size) == (ssize_t)size;
}

TEST_F(look, a_damaged_key_is_not_handed_out)
{
	ASSERT_TRUE(write_text(self, CORDON_LOG_ENROL_FILE, self->key.text, 60));
	EXPECT_EQ(-EBADMSG, take_key(self));
	EXPECT_EQ(0, faccessat(self->fd, CORDON_LOG_ENROL_FILE, F_OK, 0));
}

#define SIXTEEN "0123456789abcdef"
#define DIGITS SIXTEEN SIXTEEN SIXTEEN SIXTEEN

TEST_F(look, a_key_file_is_64_digits)
{
	static const struct {
		const char *text;
		const char *says; /* NULL: it is one */
	} rows[] = {
		{ DIGITS "\n", NULL },
		{ DIGITS, NULL },
		{ DIGITS " \r\n\n", NULL },
		{ "0123456789ABCDEF" SIXTEEN SIXTEEN SIXTEEN "\n", NULL },
		{ "", "it has 0 digits" },
		{ DIGITS "0\n", "it has 65 digits" },
		{ SIXTEEN "\n", "it has 16 digits" },
		{ SIXTEEN "\n" SIXTEEN SIXTEEN SIXTEEN, ":1:17: this is no hexadecimal digit" },
		{ "-" DIGITS, ":1:1: this is no hexadecimal digit" },
		{ DIGITS "\n" DIGITS, "there is more behind the first line" },
		{ DIGITS "x", "there is more behind the first line" },
	};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/key", self->path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_failure failure = { .text = "" };
		uint8_t secret[CORDON_LOG_KEY_SIZE];

		ASSERT_TRUE(write_text(self, "key", rows[i].text, strlen(rows[i].text)));
		EXPECT_EQ(rows[i].says ? -EINVAL : 0, cordon_log_key_read(path, &failure, &secret));
		EXPECT_NE(NULL, strstr(failure.text, rows[i].says ? rows[i].says : ""))
		TH_LOG("%s", failure.text);
		EXPECT_TRUE(rows[i].says || secret[1] == 0x23);
	}
	ASSERT_TRUE(write_text(self, "key", DIGITS "\0\n", 66));
	struct cordon_failure failure = { .text = "" };
	uint8_t secret[CORDON_LOG_KEY_SIZE];

	EXPECT_EQ(-EINVAL, cordon_log_key_read(path, &failure, &secret));
	EXPECT_EQ(-EISDIR, cordon_log_key_read(self->path, &failure, &secret));
	EXPECT_EQ(-ENOENT, cordon_log_key_read("/nowhere", &failure, &secret));
}

TEST_HARNESS_MAIN
