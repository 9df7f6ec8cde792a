// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events as they are read from a log: in order, with their times, whatever the bytes; filtered;
 * in words, which steer no terminal; as trees.  Needs no root.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include <cordon/uapi/reason.h>

#include "event.h"
#include "event_cgroup.h"
#include "event_filter.h"
#include "event_time.h"
#include "event_tree.h"
#include "log/sample.h"
#include "log_segment.h"
#include "log_store.h"
#include "util/clock.h"
#include "util/print.h"

#define S SAMPLE_SECOND
#define AUTH_TYPE CORDON_EVENT_TYPE(CORDON_CLASS_AUTH, 1)
#define FLOW_TYPE CORDON_EVENT_TYPE(CORDON_CLASS_FLOW, 1)

FIXTURE(log)
{
	char path[40];
	struct sample sample;
	struct cordon_events *events;
	struct cordon_event_past *past;
};

FIXTURE_SETUP(log)
{
	memset(self, 0, sizeof(*self));
	strcpy(self->path, "/tmp/cordon-events-XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->path));
	ASSERT_TRUE(sample_open(&self->sample, self->path));
	self->past = cordon_event_past_new();
	ASSERT_NE(NULL, self->past);
}

FIXTURE_TEARDOWN(log)
{
	char command[64];

	cordon_events_close(self->events);
	cordon_event_past_free(self->past);
	sample_close(&self->sample);
	snprintf(command, sizeof(command), "rm -r %s", self->path);
	ASSERT_EQ(0, system(command));
}

static bool open_events(FIXTURE_DATA(log) * self, unsigned int classes)
{
	struct cordon_failure failure = { .text = "" };

	return !cordon_events_open(self->sample.folder, classes, &failure, &self->events);
}

/* One record in a block of its own. */
static bool put(FIXTURE_DATA(log) * self, uint16_t type, uint64_t time, uint8_t boot)
{
	sample_begin(&self->sample, CORDON_EVENT_CLASS(type));
	sample_record(&self->sample, type, time);
	return sample_write(&self->sample, boot, time, (int64_t)(1000 * S + time));
}

/* Times of all records that come, in seconds: "1 2 3"; a boot that begins is "/". */
static const char *read_all(FIXTURE_DATA(log) * self)
{
	static char text[4096];
	struct cordon_events_record record;
	uint8_t boot = 0;
	size_t used = 0;

	text[0] = '\0';
	while (cordon_events_next(self->events, &record) && used < sizeof(text) - 32) {
		if (boot && record.boot_id[0] != boot)
			used += (size_t)sprintf(text + used, "/ ");
		boot = record.boot_id[0];
		used += (size_t)sprintf(text + used, "%llu ",
					(unsigned long long)(record.event->time / S));
	}
	if (used)
		text[used - 1] = '\0';
	return text;
}

/* ---- order and time ----------------------------------------------------------------------- */

TEST_F(log, classes_are_merged_by_time)
{
	ASSERT_TRUE(put(self, AUTH_TYPE, 2 * S, 1));
	ASSERT_TRUE(put(self, AUTH_TYPE, 5 * S, 1));
	ASSERT_TRUE(put(self, CORDON_EVENT_STOP, 6 * S, 1));
	ASSERT_TRUE(put(self, CORDON_EVENT_FORK, 1 * S, 1));
	sample_begin(&self->sample, CORDON_CLASS_FLOW);
	sample_record(&self->sample, FLOW_TYPE, 4 * S);
	sample_record(&self->sample, FLOW_TYPE, 3 * S);
	ASSERT_TRUE(sample_write(&self->sample, 1, 7 * S, 1007 * S));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	EXPECT_STREQ("1 2 3 4 5 6", read_all(self));
	EXPECT_EQ(0, cordon_events_faults(self->events)->malformed);
}

TEST_F(log, only_classes_that_are_asked_for_are_read)
{
	ASSERT_TRUE(put(self, AUTH_TYPE, 2 * S, 1));
	ASSERT_TRUE(put(self, FLOW_TYPE, 3 * S, 1));
	ASSERT_TRUE(open_events(self, 1U << CORDON_CLASS_FLOW));
	EXPECT_STREQ("3", read_all(self));
}

TEST_F(log, boots_are_not_mixed_and_follow_each_other)
{
	ASSERT_TRUE(put(self, CORDON_EVENT_START, 50 * S, 1));
	ASSERT_TRUE(put(self, CORDON_EVENT_START, 10 * S, 2));
	ASSERT_TRUE(put(self, CORDON_EVENT_START, 20 * S, 3));
	ASSERT_TRUE(put(self, AUTH_TYPE, 60 * S, 1));
	ASSERT_TRUE(put(self, AUTH_TYPE, 5 * S, 3));
	ASSERT_TRUE(put(self, FLOW_TYPE, 11 * S, 2));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	EXPECT_STREQ("50 60 / 10 11 / 5 20", read_all(self));
}

TEST_F(log, a_record_is_as_much_before_its_block_was_closed_as_the_clock_ran)
{
	struct cordon_events_record record;

	sample_begin(&self->sample, CORDON_CLASS_AUTH);
	sample_record(&self->sample, AUTH_TYPE, 40 * S + 250000000);
	ASSERT_TRUE(sample_write(&self->sample, 1, 42 * S, 1000000 * S));
	sample_begin(&self->sample, CORDON_CLASS_AUTH);
	sample_record(&self->sample, AUTH_TYPE, 42 * S);
	ASSERT_TRUE(sample_write(&self->sample, 1, 42 * S + 500000000, 1000000 * S + 500000000));
	/* The clock was set. */
	sample_begin(&self->sample, CORDON_CLASS_AUTH);
	sample_record(&self->sample, AUTH_TYPE, 43 * S);
	ASSERT_TRUE(sample_write(&self->sample, 1, 43 * S, 5000 * S));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	ASSERT_EQ(1, cordon_events_next(self->events, &record));
	EXPECT_EQ(999998 * S + 250000000, record.wall);
	ASSERT_EQ(1, cordon_events_next(self->events, &record));
	EXPECT_EQ(1000000 * S, record.wall);
	ASSERT_EQ(1, cordon_events_next(self->events, &record));
	EXPECT_EQ(5000 * S, record.wall);
}

TEST_F(log, what_userspace_told_comes_before_what_the_kernel_told_since)
{
	struct cordon_event told = { .size = sizeof(told), .type = AUTH_TYPE };
	struct cordon_failure failure = { .text = "" };
	struct cordon_events_record record;
	struct cordon_log_store *store;

	ASSERT_EQ(0, cordon_log_store_open(self->path, CORDON_LOG_LIMIT_MIN, &failure, &store));
	cordon_log_store_tell(store, &told);
	sample_begin(&self->sample, CORDON_CLASS_AUTH);
	sample_record(&self->sample, AUTH_TYPE, cordon_clock_ns());
	ASSERT_EQ(0, cordon_log_store_write(store, self->sample.block));
	cordon_log_store_close(store);
	ASSERT_TRUE(open_events(self, 1U << CORDON_CLASS_AUTH));
	ASSERT_EQ(1, cordon_events_next(self->events, &record));
	EXPECT_EQ(sizeof(told), record.event->size);
	ASSERT_EQ(1, cordon_events_next(self->events, &record));
	EXPECT_EQ(64, record.event->size);
}

/* ---- what is none ------------------------------------------------------------------------- */

static bool put_bad(FIXTURE_DATA(log) * self, uint16_t size, uint16_t type)
{
	struct cordon_event *bad;

	sample_begin(&self->sample, CORDON_CLASS_AUTH);
	sample_record(&self->sample, AUTH_TYPE, 1 * S);
	bad = (void *)((uint8_t *)(self->sample.block + 1) + self->sample.block->size);
	sample_record(&self->sample, AUTH_TYPE, 2 * S);
	bad->size = size;
	bad->type = type;
	return sample_write(&self->sample, 1, 9 * S, 1009 * S);
}

TEST_F(log, what_is_no_record_is_counted_and_not_believed)
{
	ASSERT_TRUE(put_bad(self, 0, AUTH_TYPE));
	ASSERT_TRUE(put_bad(self, 16, AUTH_TYPE));
	ASSERT_TRUE(put_bad(self, 28, AUTH_TYPE));
	ASSERT_TRUE(put_bad(self, 72, AUTH_TYPE));
	ASSERT_TRUE(put_bad(self, 0xfff8, AUTH_TYPE));
	ASSERT_TRUE(put_bad(self, 64, FLOW_TYPE));
	ASSERT_TRUE(put(self, AUTH_TYPE, 3 * S, 1));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	EXPECT_STREQ("1 1 1 1 1 1 3", read_all(self));
	EXPECT_EQ(6, cordon_events_faults(self->events)->malformed);
}

TEST_F(log, what_the_log_tells_of_a_chain_stands_in_it)
{
	sample_begin(&self->sample, CORDON_CLASS_AUTH);
	sample_record(&self->sample, CORDON_EVENT_LOSS, 1 * S);
	ASSERT_TRUE(sample_write(&self->sample, 1, 9 * S, 1009 * S));
	ASSERT_TRUE(open_events(self, 1U << CORDON_CLASS_AUTH));
	EXPECT_STREQ("1", read_all(self));
	EXPECT_EQ(0, cordon_events_faults(self->events)->malformed);
}

static bool append(FIXTURE_DATA(log) * self, const char *name, const void *bytes, size_t size)
{
	const int fd = openat(self->sample.folder, name, O_WRONLY | O_APPEND | O_CREAT, 0600);
	const bool done = write(fd, bytes, size) == (ssize_t)size;

	close(fd);
	return done;
}

TEST_F(log, bytes_that_are_no_block_are_counted_but_for_an_end_that_is_being_written)
{
	static const struct cordon_log_block begun = { .magic = CORDON_LOG_MAGIC,
						       .version = CORDON_LOG_VERSION,
						       .class = CORDON_CLASS_AUTH,
						       .size = 4096 };

	ASSERT_TRUE(put(self, AUTH_TYPE, 1 * S, 1));
	ASSERT_TRUE(append(self, "auth.00000000", "strange!", 8));
	cordon_log_writer_leave(self->sample.writer[CORDON_CLASS_AUTH]);
	ASSERT_TRUE(put(self, AUTH_TYPE, 2 * S, 1));
	ASSERT_TRUE(append(self, "auth.00000001", &begun, sizeof(begun)));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	EXPECT_STREQ("1 2", read_all(self));
	EXPECT_EQ(8, cordon_events_faults(self->events)->damaged);
}

TEST_F(log, a_segment_that_cannot_be_read_is_said_and_passed_over)
{
	ASSERT_TRUE(append(self, "auth.00000000.zst", "no zstd!", 8));
	cordon_log_writer_leave(self->sample.writer[CORDON_CLASS_AUTH]);
	ASSERT_TRUE(put(self, AUTH_TYPE, 1 * S, 1));
	ASSERT_EQ(0, renameat(self->sample.folder, "auth.00000000", self->sample.folder,
			      "auth.00000001"));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	EXPECT_STREQ("1", read_all(self));
	EXPECT_EQ(1, cordon_events_faults(self->events)->unreadable);
	EXPECT_NE(NULL, strstr(cordon_events_faults(self->events)->first.text, "auth.00000000"));
}

/* ---- what comes --------------------------------------------------------------------------- */

TEST_F(log, it_goes_on_with_what_was_written_since)
{
	struct cordon_log_segment first = { .number = 0 };

	ASSERT_TRUE(put(self, AUTH_TYPE, 1 * S, 1));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	EXPECT_STREQ("1", read_all(self));
	cordon_events_again(self->events);
	EXPECT_STREQ("", read_all(self));
	ASSERT_TRUE(put(self, AUTH_TYPE, 2 * S, 1));
	ASSERT_TRUE(put(self, FLOW_TYPE, 3 * S, 1));
	EXPECT_STREQ("", read_all(self));
	cordon_events_again(self->events);
	EXPECT_STREQ("2 3", read_all(self));
	/* In the next segment, and the one before is compressed. */
	ASSERT_TRUE(put(self, AUTH_TYPE, 4 * S, 1));
	cordon_log_writer_leave(self->sample.writer[CORDON_CLASS_AUTH]);
	ASSERT_EQ(0, cordon_log_segment_compress(self->sample.folder, CORDON_CLASS_AUTH, &first));
	ASSERT_TRUE(put(self, AUTH_TYPE, 5 * S, 1));
	cordon_events_again(self->events);
	EXPECT_STREQ("4 5", read_all(self));
	ASSERT_EQ(0, cordon_log_segment_delete(self->sample.folder, CORDON_CLASS_AUTH, &first));
	cordon_events_again(self->events);
	EXPECT_STREQ("", read_all(self));
	EXPECT_EQ(0, cordon_events_faults(self->events)->damaged);
	EXPECT_EQ(0, cordon_events_faults(self->events)->unreadable);
}

TEST_F(log, a_block_of_which_half_was_there_is_read_when_it_is_whole)
{
	struct stat stat;
	char bytes[4096];
	int fd;

	ASSERT_TRUE(put(self, AUTH_TYPE, 1 * S, 1));
	ASSERT_TRUE(put(self, AUTH_TYPE, 2 * S, 1));
	fd = openat(self->sample.folder, "auth.00000000", O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, fstat(fd, &stat));
	ASSERT_EQ(stat.st_size, pread(fd, bytes, sizeof(bytes), 0));
	ASSERT_EQ(0, ftruncate(fd, stat.st_size - 80));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	EXPECT_STREQ("1", read_all(self));
	ASSERT_EQ(80, pwrite(fd, bytes + stat.st_size - 80, 80, stat.st_size - 80));
	close(fd);
	cordon_events_again(self->events);
	EXPECT_STREQ("2", read_all(self));
	EXPECT_EQ(0, cordon_events_faults(self->events)->damaged);
}

TEST_F(log, a_segment_that_is_compressed_while_it_is_read_is_read)
{
	struct cordon_log_segment first = { .number = 0 };

	ASSERT_TRUE(put(self, AUTH_TYPE, 1 * S, 1));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	ASSERT_EQ(0, cordon_log_segment_compress(self->sample.folder, CORDON_CLASS_AUTH, &first));
	EXPECT_STREQ("1", read_all(self));
	EXPECT_EQ(0, cordon_events_faults(self->events)->unreadable);
}

/* ---- words -------------------------------------------------------------------------------- */

/* All that passes, as text lines. Return: in a buffer of its own. */
static const char *lines(FIXTURE_DATA(log) * self, const struct cordon_event_wish *wish)
{
	static const struct cordon_event_wish all = { .boot = false };
	static char text[8192];
	struct cordon_event_filter filter;
	struct cordon_failure failure = { .text = "" };
	struct cordon_events_record record;
	struct cordon_event_view view;
	FILE *file = fmemopen(text, sizeof(text), "w");

	text[0] = '\0';
	cordon_events_close(self->events);
	self->events = NULL;
	if (!open_events(self, CORDON_EVENTS_ALL) ||
	    cordon_event_filter_read(wish ? wish : &all, 2000000000 * (int64_t)S, &failure,
				     &filter))
		return failure.text[0] ? "filter" : "log";
	cordon_event_names_read(cordon_event_past_names(self->past), self->sample.folder);
	while (cordon_events_next(self->events, &record)) {
		const struct cordon_event_shape *shape = cordon_event_shape_of(record.event);

		if (!shape) {
			fputs("malformed\n", file);
			continue;
		}
		cordon_event_past_take(self->past, &record);
		cordon_event_view_of(&record, shape, self->past, NULL, &view);
		if (cordon_event_filter_may_pass(&filter, &record) &&
		    cordon_event_filter_passes(&filter, &view))
			cordon_event_view_text(file, &view);
	}
	fclose(file);
	return text;
}

/* bash (10) starts a shell script (11), which ends; a denial of that; all in one unit. */
static bool put_story(FIXTURE_DATA(log) * self)
{
	struct cordon_event_denial denial = sample_denial(4 * S);

	denial.denial.pid = denial.event.pid = 11;
	sample_begin(&self->sample, CORDON_CLASS_PROCESS);
	sample_cgroup(&self->sample, 77, "/system.slice/pos.service", 0);
	sample_exec(&self->sample, &(struct sample_exec){ .pid = 10,
							  .parent = 1,
							  .parent_start = 1,
							  .uid = 1000,
							  .euid = 1000,
							  .start = S,
							  .time = S,
							  .cgroup = 77,
							  .path = "/bin/bash",
							  .arguments = "-bash",
							  .size = 6 });
	sample_fork(&self->sample, 10, S, 11, 2 * S);
	sample_exec(&self->sample, &(struct sample_exec){ .pid = 11,
							  .parent = 10,
							  .parent_start = S,
							  .uid = 1000,
							  .start = 2 * S,
							  .time = 3 * S,
							  .cgroup = 77,
							  .flags = CORDON_EXEC_GAINED,
							  .path = "/x/\033[2Jy",
							  .interpreter = "/bin/sh",
							  .arguments = "y\0a b\0\r\n\xff",
							  .size = 10 });
	sample_exit(&self->sample, 11, 2 * S, 5 * S, 1 << 8);
	sample_exit(&self->sample, 12, 2 * S, 6 * S, 11 | 0x80);
	if (!sample_write(&self->sample, 1, 10 * S, 1000 * S))
		return false;
	sample_begin(&self->sample, CORDON_CLASS_DENIAL);
	sample_add(&self->sample, &denial.event);
	return sample_write(&self->sample, 1, 10 * S, 1000 * S);
}

#define AT(second) "1970-01-01 00:16:3" #second ".000 "
#define CGROUP_LINE AT(0) "process     cgroup 77 is /system.slice/pos.service\n"
#define BASH_LINE AT(1) "process     exec bash[10] uid 1000 in pos.service, by [1]: /bin/bash\n"
#define FORK_LINE AT(2) "process     fork bash[11] uid 1000 in pos.service of bash[10]\n"
#define EXEC_LINE                                                                                  \
	AT(3)                                                                                      \
	"process     exec \"?[2Jy\"[11] uid 1000 as 0 in pos.service with the file's rights, by "  \
	"bash[10]: \"/x/?[2Jy\" \"a b\" ???, run by /bin/sh\n"
#define DENIAL_LINE                                                                                \
	AT(4)                                                                                      \
	"denial      denied out no-rule: tcp/443 10.0.0.1 (identity 5) -> 198.51.100.2 "           \
	"(identity 6) on interface 2 by curl[11] uid 1000 in /system.slice/pos.service, 3 "        \
	"packets\n"
#define EXIT_LINE                                                                                  \
	AT(5)                                                                                      \
	"process     exit \"?[2Jy\"[11] uid 1000 as 0 in pos.service: exit 1 after 3.000 s, "      \
	"2.500 ms of CPU, 3.1 MB at most\n"
#define STRANGER_LINE                                                                              \
	AT(6)                                                                                      \
	"process     exit [12]: signal 11, core after 4.000 s, 2.500 ms of CPU, 3.1 MB at most\n"

TEST_F(log, a_line_says_who_did_what_and_steers_no_terminal)
{
	ASSERT_TRUE(put_story(self));
	EXPECT_STREQ(CGROUP_LINE BASH_LINE FORK_LINE EXEC_LINE DENIAL_LINE EXIT_LINE STRANGER_LINE,
		     lines(self, NULL));
}

TEST_F(log, filters_ask_what_is_known)
{
	static const struct {
		struct cordon_event_wish wish;
		const char *lines;
	} rows[] = {
		{ { .classes = "denial" }, DENIAL_LINE },
		{ { .classes = "auth,denial,flow" }, DENIAL_LINE },
		{ { .classes = "auth" }, "" },
		{ { .pid = "10" }, BASH_LINE FORK_LINE },
		{ { .pid = "11" }, FORK_LINE EXEC_LINE DENIAL_LINE EXIT_LINE },
		{ { .pid = "12" }, STRANGER_LINE },
		{ { .user = "root" }, EXEC_LINE EXIT_LINE },
		{ { .user = "0", .pid = "10" }, "" },
		{ { .user = "1000", .classes = "denial" }, DENIAL_LINE },
		{ { .unit = "pos.service", .pid = "11" },
		  FORK_LINE EXEC_LINE DENIAL_LINE EXIT_LINE },
		{ { .unit = "system.slice", .pid = "11" },
		  FORK_LINE EXEC_LINE DENIAL_LINE EXIT_LINE },
		{ { .unit = "os.service" }, "" },
		{ { .reason = "no-rule" }, DENIAL_LINE },
		{ { .reason = "spoofed" }, "" },
		{ { .since = "1970-01-01 00:16:35" }, EXIT_LINE STRANGER_LINE },
		{ { .until = "1970-01-01 00:16:31" }, CGROUP_LINE BASH_LINE },
		{ { .since = "1970-01-01 00:16:34", .until = "1970-01-01 00:16:34" }, DENIAL_LINE },
		{ { .since = "10m" }, "" },
		{ { .boot = true }, "" },
	};

	ASSERT_TRUE(put_story(self));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EXPECT_STREQ(rows[i].lines, lines(self, &rows[i].wish))
		TH_LOG("row %zu", i);
	}
}

static void add_names(FIXTURE_DATA(log) * self, enum cordon_names_of of, uint16_t first,
		      const char *name, const char *next)
{
	union cordon_event_room room;
	struct cordon_event_names_told *told =
		cordon_event_begin(&room, CORDON_EVENT_NAMES, sizeof(*told));

	told->event.time = 6 * S;
	told->generation = 9;
	told->of = (uint16_t)of;
	told->first = first;
	cordon_event_add(&room, name);
	cordon_event_add(&room, next);
	sample_add(&self->sample, cordon_event_end(&room));
}

/* Names of a generation, told after what was seen of it, and a connection of its. */
static bool put_names(FIXTURE_DATA(log) * self)
{
	struct cordon_event_flow flow = sample_flow(7 * S);

	sample_begin(&self->sample, CORDON_CLASS_ENFORCEMENT);
	add_names(self, CORDON_NAMES_ZONES, 5, "shop", "payments");
	add_names(self, CORDON_NAMES_RULES, CORDON_RULE_SLOT_FIRST, "web", "ssh");
	add_names(self, CORDON_NAMES_RULES, CORDON_RULE_SLOTS - 1, "last", "one too many");
	if (!sample_write(&self->sample, 1, 10 * S, 1000 * S))
		return false;
	flow.note.generation = 9;
	flow.note.from = 5;
	flow.note.rule = CORDON_RULE_SLOT_FIRST + 1;
	sample_begin(&self->sample, CORDON_CLASS_FLOW);
	sample_add(&self->sample, &flow.event);
	return sample_write(&self->sample, 1, 10 * S, 1000 * S);
}

TEST_F(log, numbers_are_shown_by_the_names_that_their_generation_gave_them)
{
	const struct cordon_event_wish denials = { .classes = "denial" }, ssh = { .rule = "ssh" },
				       web = { .rule = "web" };
	struct cordon_event_denial denial = sample_denial(8 * S);

	ASSERT_TRUE(put_story(self));
	ASSERT_TRUE(put_names(self));
	EXPECT_NE(NULL,
		  strstr(lines(self, &denials), "10.0.0.1 (shop) -> 198.51.100.2 (payments)"));
	EXPECT_NE(NULL, strstr(lines(self, &ssh), "10.0.0.2:40000 (shop) -> [fd00::1]:22 (node)"));
	EXPECT_NE(NULL, strstr(lines(self, &ssh), ", rule ssh"));
	EXPECT_STREQ("", lines(self, &web));

	/* What no policy can have named so is no name. */
	sample_begin(&self->sample, CORDON_CLASS_ENFORCEMENT);
	add_names(self, CORDON_NAMES_RULES, CORDON_RULE_SLOT_FIRST + 1, "ssh, by root", "x");
	ASSERT_TRUE(sample_write(&self->sample, 1, 11 * S, 1000 * S));
	EXPECT_NE(NULL, strstr(lines(self, &ssh), ", rule ssh"));
	EXPECT_EQ(NULL, strstr(lines(self, &ssh), "by root"));

	/* Another boot counts its generations anew. */
	sample_begin(&self->sample, CORDON_CLASS_DENIAL);
	sample_add(&self->sample, &denial.event);
	ASSERT_TRUE(sample_write(&self->sample, 2, 10 * S, 1000 * S));
	EXPECT_NE(NULL, strstr(lines(self, &denials), "(identity 5) -> 198.51.100.2 (identity 6)"));
}

TEST(values_that_are_none_are_refused_by_name)
{
	static const struct {
		struct cordon_event_wish wish;
		const char *text;
	} rows[] = {
		{ { .classes = "procss" }, "--class: there is no class procss; there are: own" },
		{ { .classes = "" }, "--class: there is no class ;" },
		{ { .classes = "own," }, "--class: there is no class ;" },
		{ { .user = "nobody-of-that-name" }, "--user: there is no user nobody-of" },
		{ { .user = "4294967295" }, "--user" },
		{ { .user = "" }, "--user" },
		{ { .pid = "0" }, "--pid: 0 is not" },
		{ { .pid = "-1" }, "--pid: -1 is not" },
		{ { .pid = "12x" }, "--pid" },
		{ { .unit = "" }, "--unit" },
		{ { .unit = "/a" }, "--unit" },
		{ { .reason = "none" }, "--reason: there is no reason none; there are:" },
		{ { .reason = "bad" }, "--reason" },
		{ { .since = "yesterday" }, "--since: yesterday is neither" },
		{ { .until = "10" }, "--until: 10 is neither" },
		{ { .since = "1h", .until = "2h" }, "--since is later than --until" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_failure failure = { .text = "" };
		struct cordon_event_filter filter;

		EXPECT_EQ(-EINVAL, cordon_event_filter_read(&rows[i].wish, 1000 * (int64_t)S,
							    &failure, &filter))
		TH_LOG("row %zu", i);
		EXPECT_NE(NULL, strstr(failure.text, rows[i].text))
		TH_LOG("row %zu: %s", i, failure.text);
	}
}

TEST_F(log, what_a_record_tells_of_a_cgroup_goes_before_what_was_found)
{
	struct cordon_events_record record;

	EXPECT_EQ(NULL, cordon_event_past_cgroup(self->past, 77));
	cordon_event_past_learn(self->past, 77, "");
	EXPECT_STREQ("", cordon_event_past_cgroup(self->past, 77));
	sample_begin(&self->sample, CORDON_CLASS_PROCESS);
	sample_cgroup(&self->sample, 77, "/system.slice/pos.service", S);
	ASSERT_TRUE(sample_write(&self->sample, 1, S, 1000));
	ASSERT_TRUE(open_events(self, CORDON_EVENTS_ALL));
	ASSERT_EQ(1, cordon_events_next(self->events, &record));
	cordon_event_past_take(self->past, &record);
	EXPECT_STREQ("/system.slice/pos.service", cordon_event_past_cgroup(self->past, 77));
	cordon_event_past_learn(self->past, 78, "/found");
	EXPECT_STREQ("/found", cordon_event_past_cgroup(self->past, 78));
}

TEST(times_are_moments_or_spans)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: none */
	} rows[] = {
		{ "1970-01-01 00:16", 960 },
		{ "1970-01-01 00:16:40", 1000 },
		{ "2026-11-21 16:41:27", 1795279287 },
		{ "2028-02-29 00:00", 1835395200 },
		{ "2027-02-29 00:00", -1 },
		{ "2026-13-01 00:00", -1 },
		{ "2026-11-21 24:00", -1 },
		{ "2026-11-21 16:41:61", -1 },
		{ "2026-11-21", -1 },
		{ "2026-11-21 16:41:", -1 },
		{ "2026-11-21 16:41:2", -1 },
		{ "2026-11-21T16:41:27", 1795279287 },
		{ "2026-11-21T16:41:27.000000000Z", 1795279287 },
		{ "2026-11-21 16:41:27.0", 1795279287 },
		{ "2026-11-21 16:41:27.", -1 },
		{ "2026-11-21 16:41:27.0000000000", -1 },
		{ "2026-11-21 16:41:27+01:00", -1 },
		{ "2026-11-21T", -1 },
		{ "1969-11-21 16:41", -1 },
		{ "30s", 2000000000 - 30 },
		{ "10m", 2000000000 - 600 },
		{ "2h", 2000000000 - 7200 },
		{ "3d", 2000000000 - 3 * 86400 },
		{ "99999d", 2000000000LL - 99999LL * 86400 },
		{ "100000d", -1 },
		{ "d", -1 },
		{ "", -1 },
		{ "10", -1 },
		{ "-10m", -1 },
		{ "10 m", -1 },
		{ "10mm", -1 },
		{ "1w", -1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cordon_failure failure = { .text = "" };
		int64_t wall = 0;
		const int error = cordon_event_time_read("--since", rows[i].text,
							 2000000000 * (int64_t)S, &failure, &wall);

		if (!strcmp(rows[i].text, "99999d")) {
			EXPECT_EQ(0, error);
		} else if (rows[i].seconds < 0) {
			EXPECT_EQ(-EINVAL, error)
			TH_LOG("%s", rows[i].text);
		} else {
			EXPECT_EQ(rows[i].seconds * (int64_t)S, wall)
			TH_LOG("%s", rows[i].text);
		}
	}
}

TEST(a_time_that_was_shown_is_taken_back)
{
	const int64_t wall = 1795279287123456789;
	struct cordon_failure failure = { .text = "" };
	struct cordon_event_time time;
	int64_t back = 0;

	EXPECT_EQ(0, cordon_event_time_read("--since", cordon_event_time_text(wall, &time), 0,
					    &failure, &back));
	EXPECT_EQ(wall - wall % 1000000, back);
	EXPECT_EQ(0, cordon_event_time_read("--since", cordon_event_time_iso(wall, &time), 0,
					    &failure, &back));
	EXPECT_EQ(wall, back);
}

TEST(any_wall_clock_has_a_text)
{
	struct cordon_event_time time;

	EXPECT_STREQ("1969-12-31 23:59:59.999", cordon_event_time_text(-1, &time));
	EXPECT_STREQ("1677-09-21T00:12:43.145224192Z", cordon_event_time_iso(INT64_MIN, &time));
	EXPECT_STREQ("2262-04-11T23:47:16.854775807Z", cordon_event_time_iso(INT64_MAX, &time));
}

TEST(what_could_steer_a_terminal_is_a_question_mark)
{
	static const struct {
		const char *text, *clean;
	} rows[] = {
		{ "plain text", "plain text" },
		{ "\033[31mred\a", "?[31mred?" },
		{ "a\r\nb\tc", "a??b?c" },
		{ "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac", "caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac" },
		{ "\xc2\x9b"
		  "31m",
		  "?31m" },
		{ "\x9b"
		  "31m",
		  "?31m" },
		{ "a\xe2\x80\xae"
		  "b",
		  "a?b" },
		{ "\xe2\x80", "??" },
		{ "\x7f", "?" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64] = "";
		FILE *file = fmemopen(text, sizeof(text), "w");

		print_clean(file, rows[i].text, strlen(rows[i].text));
		fclose(file);
		EXPECT_STREQ(rows[i].clean, text);
	}
}

TEST(units_and_containers_are_told_by_the_path)
{
	static const char digits[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	char path[200];
	size_t size = 0;

	EXPECT_EQ(0, strncmp("b.service", cordon_event_cgroup_unit("/a.slice/b.service/c", &size),
			     size));
	EXPECT_EQ(9, size);
	EXPECT_EQ(NULL, cordon_event_cgroup_unit("/", &size));
	EXPECT_EQ(NULL, cordon_event_cgroup_unit("/.service", &size));
	EXPECT_TRUE(cordon_event_cgroup_is_in("/a.slice/b.service/c", "b.service"));
	EXPECT_FALSE(cordon_event_cgroup_is_in("/a.slice/b.service.d", "b.service"));
	/* What a unit's own processes make is not another unit. */
	EXPECT_EQ(0, strncmp("user@1.service",
			     cordon_event_cgroup_unit(
				     "/user.slice/user@1.service/app.slice/ssh.service", &size),
			     size));
	EXPECT_EQ(strlen("user@1.service"), size);
	EXPECT_FALSE(cordon_event_cgroup_is_in("/user@1.service/ssh.service", "ssh.service"));
	EXPECT_TRUE(cordon_event_cgroup_is_in("/user.slice/user@1.service", "user.slice"));
	snprintf(path, sizeof(path), "/system.slice/docker-%s.scope", digits);
	EXPECT_EQ(path + strlen("/system.slice/docker-"), cordon_event_cgroup_container(path));
	snprintf(path, sizeof(path), "/docker/%s0", digits);
	EXPECT_EQ(NULL, cordon_event_cgroup_container(path));
}

TEST_F(log, an_exec_whose_texts_do_not_fit_is_malformed)
{
	const struct sample_exec made = {
		.pid = 10, .start = 1, .path = "/bin/x", .arguments = "", .size = 0
	};

	for (int i = 0; i < 5; i++) {
		struct cordon_event_exec *exec;

		sample_begin(&self->sample, CORDON_CLASS_PROCESS);
		sample_exec(&self->sample, &made);
		exec = (void *)(self->sample.block + 1);
		if (i == 0)
			exec->path_size = 6; /* without its NUL */
		if (i == 1)
			exec->told_size = 0xffff;
		if (i == 2)
			exec->directory_size += 64;
		if (i == 3)
			exec->event.size = self->sample.block->size = 112;
		ASSERT_TRUE(sample_write(&self->sample, 1, S, 1000 * S));
	}
	EXPECT_STREQ("malformed\nmalformed\nmalformed\nmalformed\n"
		     "1970-01-01 00:16:39.000 process     exec x[10] uid 0, by [0]: /bin/x\n",
		     lines(self, NULL));
}

TEST_F(log, another_boot_knows_nothing_of_the_one_before)
{
	ASSERT_TRUE(put_story(self));
	sample_begin(&self->sample, CORDON_CLASS_PROCESS);
	sample_exit(&self->sample, 10, S, 5 * S, 0);
	ASSERT_TRUE(sample_write(&self->sample, 2, 10 * S, 1000 * S));
	EXPECT_NE(NULL, strstr(lines(self, NULL), AT(5) "process     exit [10]: exit 0 after"));
}

TEST_F(log, an_id_with_another_start_is_another_process)
{
	ASSERT_TRUE(put_story(self));
	sample_begin(&self->sample, CORDON_CLASS_PROCESS);
	sample_exit(&self->sample, 10, S + 1, 9 * S, 0);
	ASSERT_TRUE(sample_write(&self->sample, 1, 10 * S, 1000 * S));
	EXPECT_NE(NULL, strstr(lines(self, NULL), "exit [10]: exit 0"));
}

/* ---- trees -------------------------------------------------------------------------------- */

/* The trees of a log; @pid: that is wanted, 0: all. */
static const char *trees(FIXTURE_DATA(log) * self, uint32_t pid, uint64_t *ret_missed)
{
	static char text[8192];
	struct cordon_event_tree *tree = cordon_event_tree_new();
	FILE *file = fmemopen(text, sizeof(text), "w");
	struct cordon_events_record record;
	struct cordon_event_view view;

	if (!open_events(self, CORDON_EVENTS_ALL))
		return "";
	while (cordon_events_next(self->events, &record)) {
		cordon_event_past_take(self->past, &record);
		cordon_event_view_of(&record, cordon_event_shape_of(record.event), self->past, NULL,
				     &view);
		cordon_event_tree_take(tree, &view, !pid || view.facts.pid == pid);
	}
	*ret_missed = cordon_event_tree_print(tree, file, false);
	fclose(file);
	cordon_event_tree_free(tree);
	return text;
}

#define NO_SPAN "              "

TEST_F(log, a_tree_says_who_started_whom_and_how_it_ended)
{
	uint64_t missed;

	ASSERT_TRUE(put_story(self));
	EXPECT_STREQ(
		"1970-01-01 00:16:30.000" NO_SPAN "  [1] ?\n"
		"1970-01-01 00:16:31.000" NO_SPAN "    [10] /bin/bash\n"
		"1970-01-01 00:16:32.000       3.000 s      [11] \"/x/?[2Jy\" \"a b\" ???, exit 1\n"
		"1970-01-01 00:16:32.000       4.000 s  [12] ?, signal 11, core\n",
		trees(self, 0, &missed));
	EXPECT_EQ(0, missed);
}

TEST_F(log, a_tree_shows_what_is_above_and_below_who_is_wanted)
{
	uint64_t missed;

	ASSERT_TRUE(put_story(self));
	sample_begin(&self->sample, CORDON_CLASS_PROCESS);
	sample_fork(&self->sample, 11, 2 * S, 13, 4 * S);
	sample_fork(&self->sample, 10, S, 14, 4 * S);
	ASSERT_TRUE(sample_write(&self->sample, 1, 10 * S, 1000 * S));
	EXPECT_STREQ(
		"1970-01-01 00:16:30.000" NO_SPAN "  [1] ?\n"
		"1970-01-01 00:16:31.000" NO_SPAN "    [10] /bin/bash\n"
		"1970-01-01 00:16:32.000       3.000 s      [11] \"/x/?[2Jy\" \"a b\" ???, exit 1\n"
		"1970-01-01 00:16:34.000" NO_SPAN "        [13] (fork)\n",
		trees(self, 11, &missed));
}

TEST_F(log, processes_that_are_each_others_parents_are_no_tree)
{
	uint64_t missed;

	sample_begin(&self->sample, CORDON_CLASS_PROCESS);
	sample_fork(&self->sample, 1, 1, 2, 2);
	sample_fork(&self->sample, 2, 2, 3, 3);
	sample_fork(&self->sample, 3, 3, 1, 1);
	sample_fork(&self->sample, 4, 4, 4, 4);
	ASSERT_TRUE(sample_write(&self->sample, 1, S, 1000 * S));
	EXPECT_NE(NULL, strstr(trees(self, 0, &missed), "[4] ?"));
}

TEST_F(log, processes_beyond_the_room_are_counted)
{
	const unsigned int blocks = 100, each = 1000;
	uint64_t missed;

	for (unsigned int i = 0; i < blocks; i++) {
		sample_begin(&self->sample, CORDON_CLASS_PROCESS);
		for (unsigned int j = 0; j < each; j++)
			sample_fork(&self->sample, 1, 1, 10 + i * each + j, 10 + i * each + j);
		ASSERT_TRUE(sample_write(&self->sample, 1, S, 1000 * S));
	}
	trees(self, 5, &missed);
	EXPECT_EQ(blocks * each + 1 - 65536, missed);
}

TEST_HARNESS_MAIN
