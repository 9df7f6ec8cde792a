// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tree of more processes than it has room for: those that ended and nobody asks for go.  Needs no
 * root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kselftest_harness.h"

#include "event_tree.h"
#include "log/sample.h"

#define S SAMPLE_SECOND
#define BLOCKS 200U
#define EACH 500U

/* [1] has a child [2], who has a child [3] that ends, then many that end, then [2] has [4]. */
static bool write_log(struct sample *sample)
{
	bool done;

	sample_begin(sample, CORDON_CLASS_PROCESS);
	sample_fork(sample, 1, 1, 2, S);
	sample_fork(sample, 2, S, 3, S);
	sample_exit(sample, 3, S, 2 * S, 0);
	done = sample_write(sample, 1, S, 1000);
	for (unsigned int i = 0; i < BLOCKS && done; i++) {
		sample_begin(sample, CORDON_CLASS_PROCESS);
		for (unsigned int pid = 10 + i * EACH; pid < 10 + (i + 1) * EACH; pid++) {
			sample_fork(sample, 1, 1, pid, 3 * S + pid);
			sample_exit(sample, pid, 3 * S + pid, 4 * S, 0);
		}
		done = sample_write(sample, 1, S, 1000);
	}
	sample_begin(sample, CORDON_CLASS_PROCESS);
	sample_fork(sample, 2, S, 4, 5 * S);
	return done && sample_write(sample, 1, S, 1000);
}

/*
 * @pid: that is wanted, 0: all; @since: records from then on
 * Return: for which there was no room.
 */
static uint64_t print_tree(int folder, uint32_t pid, uint64_t since, FILE *file)
{
	struct cordon_event_tree *tree = cordon_event_tree_new();
	struct cordon_event_past *past = cordon_event_past_new();
	struct cordon_failure failure = { .text = "" };
	struct cordon_events *events = NULL;
	struct cordon_events_record record;
	struct cordon_event_view view;
	uint64_t missed;

	if (cordon_events_open(folder, CORDON_EVENTS_ALL, &failure, &events))
		return ~0ULL;
	while (cordon_events_next(events, &record)) {
		cordon_event_past_take(past, &record);
		if (record.event->time < since)
			continue;
		cordon_event_view_of(&record, cordon_event_shape_of(record.event), past, NULL,
				     &view);
		cordon_event_tree_take(tree, &view, !pid || view.facts.pid == pid);
	}
	missed = cordon_event_tree_print(tree, file, false);
	cordon_events_close(events);
	cordon_event_past_free(past);
	cordon_event_tree_free(tree);
	return missed;
}

/* Without the two columns of times. */
static void read_processes(char *text, char *ret_processes)
{
	ret_processes[0] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		strcat(ret_processes, line + strlen("1970-01-01 00:16:39.000                "));
		strcat(ret_processes, "\n");
	}
}

TEST(those_that_ended_and_nobody_asks_for_make_room)
{
	char path[] = "/tmp/cordon-tree-XXXXXX", command[64], text[4096] = "", processes[4096];
	FILE *file = fmemopen(text, sizeof(text), "w"), *nowhere = fopen("/dev/null", "w");
	struct sample sample;

	ASSERT_NE(NULL, mkdtemp(path));
	ASSERT_TRUE(sample_open(&sample, path));
	ASSERT_TRUE(write_log(&sample));
	EXPECT_EQ(0, print_tree(sample.folder, 2, 0, file));
	/* All of them have no room, with the first and the three. */
	EXPECT_EQ(BLOCKS * EACH + 4 - 65536, print_tree(sample.folder, 0, 0, nowhere));
	fclose(file);
	fclose(nowhere);
	sample_close(&sample);
	snprintf(command, sizeof(command), "rm -r %s", path);
	ASSERT_EQ(0, system(command));
	read_processes(text, processes);
	EXPECT_STREQ("[1] ?\n"
		     "  [2] (fork)\n"
		     "    [3] (fork), exit 0\n"
		     "    [4] (fork)\n",
		     processes);
}

/* bash [5] with a child [6] and sleep [7]: they end when somebody looks, and [8] is begun. */
static bool write_ends(struct sample *sample)
{
	sample_begin(sample, CORDON_CLASS_PROCESS);
	sample_exec(sample,
		    &(struct sample_exec){ .pid = 5, .start = S, .time = S, .path = "/bin/bash" });
	sample_fork(sample, 5, S, 6, 2 * S);
	sample_exec(sample,
		    &(struct sample_exec){ .pid = 7, .start = S, .time = S, .path = "/bin/sleep" });
	sample_exit(sample, 7, S, 4 * S, 0);
	sample_exit(sample, 6, 2 * S, 4 * S, 0);
	sample_fork(sample, 5, S, 8, 5 * S);
	sample_exit(sample, 9, 1, 5 * S, 0);
	return sample_write(sample, 1, S, 1000);
}

TEST(who_began_before_is_known_by_name)
{
	char path[] = "/tmp/cordon-tree-XXXXXX", command[64], text[4096] = "", processes[4096];
	FILE *file = fmemopen(text, sizeof(text), "w");
	struct sample sample;

	ASSERT_NE(NULL, mkdtemp(path));
	ASSERT_TRUE(sample_open(&sample, path));
	ASSERT_TRUE(write_ends(&sample));
	EXPECT_EQ(0, print_tree(sample.folder, 0, 3 * S, file));
	fclose(file);
	sample_close(&sample);
	snprintf(command, sizeof(command), "rm -r %s", path);
	ASSERT_EQ(0, system(command));
	read_processes(text, processes);
	EXPECT_STREQ("[7] sleep, exit 0\n"
		     "[6] bash, exit 0\n"
		     "[5] bash\n"
		     "  [8] (fork)\n"
		     "[9] ?, exit 0\n",
		     processes);
}

TEST_HARNESS_MAIN
