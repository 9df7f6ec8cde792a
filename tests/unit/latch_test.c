// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the latch's two copies say together: each whole, torn, missing or of an
 * earlier write, at each level, on a node that was sealed once or never.
 */
#include <kselftest_harness.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "latch.h"

enum kind {
	MISSING,
	TORN,
	OLD,
	WHOLE,
	KINDS
};

FIXTURE(latch)
{
	char root[64];
	struct cordon_context context;
	struct cordon_failure failure;
	struct cordon_path path;
};

static const char *path_of(FIXTURE_DATA(latch) * self, const char *name)
{
	self->path = cordon_path_root(&self->context, name);
	return self->path.text;
}

FIXTURE_SETUP(latch)
{
	strcpy(self->root, "/tmp/cordon-latch-test.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->root));
	self->context = (struct cordon_context){ .root = self->root, .bpffs = "/nowhere" };
	self->failure.text[0] = '\0';
	ASSERT_EQ(0, cordon_folder_make(path_of(self, "/etc/cordon"), 0755));
	ASSERT_EQ(0, cordon_folder_make(path_of(self, "/var/lib/cordon/policy"), 0755));
}

static void forget_marks(FIXTURE_DATA(latch) * self)
{
	unlink(path_of(self, "/etc/cordon/sealed-once"));
	unlink(path_of(self, "/var/lib/cordon/policy/sealed-once"));
}

FIXTURE_TEARDOWN(latch)
{
	static const char *const names[] = { "/var/lib/cordon/latch",
					     "/var/lib/cordon/latch.copy" };
	static const char *const folders[] = { "/var/lib/cordon/policy",
					       "/var/lib/cordon",
					       "/var/lib",
					       "/var",
					       "/etc/cordon",
					       "/etc",
					       "" };

	forget_marks(self);
	for (int i = 0; i < 2; i++) {
		unlink(path_of(self, names[i]));
	}
	for (int i = 0; i < 7; i++) {
		rmdir(path_of(self, folders[i]));
	}
}

static void forget_copies(FIXTURE_DATA(latch) * self)
{
	unlink(path_of(self, "/var/lib/cordon/latch"));
	unlink(path_of(self, "/var/lib/cordon/latch.copy"));
}

static void write_state(struct __test_metadata *_metadata, FIXTURE_DATA(latch) * self,
			uint32_t level, uint64_t sequence)
{
	struct cordon_latch_state state = { .level = level, .sequence = sequence };

	snprintf(state.reason, sizeof(state.reason), "level %u", level);
	EXPECT_EQ(0, cordon_latch_write(&self->context, &state, &self->failure));
}

static void read_whole(struct __test_metadata *_metadata, FIXTURE_DATA(latch) * self,
		       const char *name, void *state)
{
	const int fd = open(path_of(self, name), O_RDONLY);

	EXPECT_EQ(CORDON_LATCH_FILE_SIZE, read(fd, state, CORDON_LATCH_FILE_SIZE));
	close(fd);
}

static void put(struct __test_metadata *_metadata, FIXTURE_DATA(latch) * self, const char *name,
		enum kind kind, const void *whole, const void *old)
{
	int fd;

	unlink(path_of(self, name));
	if (kind == MISSING)
		return;
	fd = open(path_of(self, name), O_WRONLY | O_CREAT, 0600);
	EXPECT_EQ(CORDON_LATCH_FILE_SIZE,
		  write(fd, kind == OLD ? old : whole, CORDON_LATCH_FILE_SIZE));
	if (kind == TORN) {
		EXPECT_EQ(512, pwrite(fd, (const char *)old + 512, 512, 512));
		EXPECT_EQ(8, pwrite(fd, "scribble", 8, 600));
	}
	close(fd);
}

/* What two copies must say: the tighter of what they say. -1: they say nothing */
static int wanted(enum kind first, enum kind second, uint32_t whole, uint32_t old)
{
	int level = -1;

	for (int i = 0; i < 2; i++) {
		const enum kind kind = i ? second : first;
		const int said = kind == WHOLE ? (int)whole : kind == OLD ? (int)old : -1;

		level = said > level ? said : level;
	}
	return level;
}

static void try_pair(struct __test_metadata *_metadata, FIXTURE_DATA(latch) * self, enum kind first,
		     enum kind second, uint32_t level, uint32_t before, bool once)
{
	char whole[CORDON_LATCH_FILE_SIZE], old[CORDON_LATCH_FILE_SIZE];
	const int want = wanted(first, second, level, before);
	struct cordon_latch_state state;
	enum cordon_latch_memory memory;

	forget_copies(self);
	write_state(_metadata, self, before, 7);
	read_whole(_metadata, self, "/var/lib/cordon/latch", old);
	forget_copies(self);
	write_state(_metadata, self, level, 8);
	read_whole(_metadata, self, "/var/lib/cordon/latch.copy", whole);
	forget_marks(self);
	if (once)
		write_state(_metadata, self, CORDON_LATCH_EGRESS, 1);
	put(_metadata, self, "/var/lib/cordon/latch", first, whole, old);
	put(_metadata, self, "/var/lib/cordon/latch.copy", second, whole, old);
	memory = cordon_latch_read(&self->context, &state);
	if (want >= 0) {
		EXPECT_EQ((uint32_t)want, state.level);
		EXPECT_EQ('0' + want, state.reason[6]);
	} else {
		EXPECT_EQ(once ? CORDON_LATCH_FORGOTTEN : CORDON_LATCH_FRESH, memory);
		EXPECT_EQ((uint32_t)(once ? CORDON_LATCH_ISOLATE : CORDON_LATCH_OPEN), state.level);
	}
}

TEST_F(latch, says_the_tighter_of_its_copies)
{
	for (int i = 0; i < KINDS * KINDS; i++) {
		for (uint32_t j = 0; j < CORDON_LATCH_LEVELS * CORDON_LATCH_LEVELS; j++) {
			for (int once = 0; once < 2; once++)
				try_pair(_metadata, self, i / KINDS, i % KINDS,
					 j / CORDON_LATCH_LEVELS, j % CORDON_LATCH_LEVELS, once);
		}
	}
}

TEST_F(latch, forgets_no_counter_of_orders)
{
	struct cordon_latch_state state = { .level = 1 };

	state.role[2].counter = 5;
	EXPECT_EQ(0, cordon_latch_write(&self->context, &state, &self->failure));
	EXPECT_EQ(CORDON_LATCH_SOUND, cordon_latch_read(&self->context, &state));
	EXPECT_EQ(5U, state.role[2].counter);
	EXPECT_EQ(CORDON_LATCH_FORGOTTEN, cordon_latch_forget(&state));
	EXPECT_EQ(CORDON_LATCH_COUNTER_UNKNOWN, state.role[2].counter);
}

/* Who could not wait for the lock wrote one copy, an order's taker the other. */
TEST_F(latch, forgets_no_order_of_two_who_wrote_at_once)
{
	struct cordon_latch_state seal = { .level = CORDON_LATCH_ISOLATE, .sequence = 5 };
	struct cordon_latch_state order = { .level = CORDON_LATCH_OPEN, .sequence = 5 };
	char bytes[CORDON_LATCH_FILE_SIZE];
	struct cordon_latch_state both;

	order.role[2] = (struct cordon_latch_role){ .counter = 20, .digest = { 1 } };
	EXPECT_EQ(0, cordon_latch_write(&self->context, &order, &self->failure));
	read_whole(_metadata, self, "/var/lib/cordon/latch", bytes);
	forget_copies(self);
	EXPECT_EQ(0, cordon_latch_write(&self->context, &seal, &self->failure));
	put(_metadata, self, "/var/lib/cordon/latch.copy", WHOLE, bytes, bytes);
	cordon_latch_read(&self->context, &both);
	EXPECT_EQ((uint32_t)CORDON_LATCH_ISOLATE, both.level);
	EXPECT_EQ(20U, both.role[2].counter);
	EXPECT_EQ(1, both.role[2].digest[0]);
	order.role[2].counter = CORDON_LATCH_COUNTER_UNKNOWN;
	forget_copies(self);
	EXPECT_EQ(0, cordon_latch_write(&self->context, &order, &self->failure));
	read_whole(_metadata, self, "/var/lib/cordon/latch", bytes);
	seal.role[2].counter = 21;
	seal.sequence = order.sequence;
	forget_copies(self);
	EXPECT_EQ(0, cordon_latch_write(&self->context, &seal, &self->failure));
	put(_metadata, self, "/var/lib/cordon/latch.copy", WHOLE, bytes, bytes);
	cordon_latch_read(&self->context, &both);
	EXPECT_EQ(21U, both.role[2].counter);
}

/* Who could not wait for the lock wrote both, before the order's taker did. */
TEST_F(latch, undoes_no_seal_that_it_did_not_read)
{
	struct cordon_latch_state ours = { .level = CORDON_LATCH_ISOLATE }, seal, both;

	EXPECT_EQ(0, cordon_latch_write(&self->context, &ours, &self->failure));
	seal = ours;
	seal.level = CORDON_LATCH_LOCKDOWN;
	strcpy(seal.reason, "meanwhile");
	EXPECT_EQ(0, cordon_latch_write(&self->context, &seal, &self->failure));
	ours.level = CORDON_LATCH_OPEN;
	ours.role[2].counter = 20;
	EXPECT_EQ(0, cordon_latch_write(&self->context, &ours, &self->failure));
	EXPECT_EQ((uint32_t)CORDON_LATCH_LOCKDOWN, ours.level);
	EXPECT_EQ(CORDON_LATCH_SOUND, cordon_latch_read(&self->context, &both));
	EXPECT_EQ((uint32_t)CORDON_LATCH_LOCKDOWN, both.level);
	EXPECT_STREQ("meanwhile", both.reason);
	EXPECT_EQ(20U, both.role[2].counter);
	EXPECT_GT(both.sequence, seal.sequence);
	/* Who wrote it down has read it. */
	ours.level = CORDON_LATCH_OPEN;
	EXPECT_EQ(0, cordon_latch_write(&self->context, &ours, &self->failure));
	EXPECT_EQ(CORDON_LATCH_SOUND, cordon_latch_read(&self->context, &both));
	EXPECT_EQ((uint32_t)CORDON_LATCH_OPEN, both.level);
	EXPECT_EQ(20U, both.role[2].counter);
}

/* The moment tells a release that is under way that it was not for this seal. */
TEST_F(latch, keeps_the_later_of_two_seals)
{
	struct cordon_latch_state ours = { .level = CORDON_LATCH_ISOLATE,
					   .since = { .boot = 2, .monotonic = 5 } };
	struct cordon_latch_state seal, both;

	EXPECT_EQ(0, cordon_latch_write(&self->context, &ours, &self->failure));
	seal = ours;
	seal.since = (struct cordon_latch_moment){ .boot = 3, .monotonic = 1 };
	EXPECT_EQ(0, cordon_latch_write(&self->context, &seal, &self->failure));
	EXPECT_EQ(0, cordon_latch_write(&self->context, &ours, &self->failure));
	cordon_latch_read(&self->context, &both);
	EXPECT_EQ(3U, both.since.boot);
	EXPECT_EQ(1U, both.since.monotonic);
}

TEST_F(latch, is_written_in_place)
{
	struct stat before, after;

	write_state(_metadata, self, 1, 1);
	ASSERT_EQ(0, stat(path_of(self, "/var/lib/cordon/latch"), &before));
	write_state(_metadata, self, 2, 2);
	ASSERT_EQ(0, stat(path_of(self, "/var/lib/cordon/latch"), &after));
	EXPECT_EQ(before.st_ino, after.st_ino);
	EXPECT_EQ(CORDON_LATCH_FILE_SIZE, after.st_size);
}

TEST_F(latch, counts_a_boot_once)
{
	struct cordon_latch_state state = { .level = 0 };

	EXPECT_TRUE(cordon_latch_count_boot(&state));
	EXPECT_FALSE(cordon_latch_count_boot(&state));
	EXPECT_EQ(1U, state.boots);
}

TEST_HARNESS_MAIN
