// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes for process_test.sh, and what the log says of them:
 *
 *	process_helper read FOLDER WHAT NAME=PATTERN...
 *					 each record of that kind and with all of these, in a line
 *	process_helper check FOLDER      are records and told losses of each CPU without a hole,
 *					 from number 0 to the last?  prints both sums; what a
 *					 reader who was killed had written down counts once
 *	process_helper forks N           so many processes that end at once
 *	process_helper execs N CMD...    so many that start a program
 *	process_helper threads N         so many threads at once, all alive when the process ends
 *	process_helper leader N          so many threads at once, which outlive the first
 *	process_helper thread CMD...     a program, started by another thread than the first
 */
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cordon/uapi/process.h>

#include "event.h"
#include "log_reader.h"
#include "util/cleanup.h"

#define CPUS_MAX 1024

/* struct places - number of the record that comes next, by CPU */
struct places {
	uint32_t next[CPUS_MAX];
	uint64_t records, lost;
	unsigned int holes;
};

typedef void (*taker)(void *state, const struct cordon_event *event);

/* struct line - of what is printed, room for all of a record */
struct line {
	char text[8192];
	size_t length;
};

/* struct wanted - records that are printed */
struct wanted {
	const char *what;
	regex_t pattern[16];
	int patterns;
};

static __attribute__((format(printf, 2, 3))) void add(struct line *line, const char *format, ...)
{
	const size_t left = sizeof(line->text) - line->length;
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(line->text + line->length, left, format, list);
	va_end(list);
	line->length += (size_t)length < left ? (size_t)length : left - 1;
}

static void add_text(struct line *line, const char *name, const char *text, size_t size)
{
	add(line, " %s=", name);
	for (size_t i = 0; i + 1 < size; i++)
		add(line, "%c", text[i] > ' ' && text[i] <= '~' ? text[i] : text[i] ? '?' : '|');
}

static void add_exec(struct line *line, const struct cordon_event_exec *exec)
{
	const char *text = (const char *)(exec + 1);

	add(line,
	    " start=%llu parent=%u parent_start=%llu own=%u namespace=%u uid=%u euid=%u gid=%u "
	    "egid=%u login=%u session=%u tty=%u cgroup=%llu inode=%llu device=%u capabilities=%llx "
	    "arguments_size=%u told=%u",
	    exec->start, exec->parent, exec->parent_start, exec->own, exec->pid_namespace,
	    exec->uid, exec->euid, exec->gid, exec->egid, exec->login_uid, exec->session, exec->tty,
	    exec->cgroup, exec->inode, exec->device, exec->capabilities, exec->arguments_size,
	    exec->told_size);
	add_text(line, "path", text, exec->path_size);
	text += exec->path_size;
	add_text(line, "interpreter", text, exec->interpreter_size);
	text += exec->interpreter_size;
	add_text(line, "directory", text, exec->directory_size);
	text += exec->directory_size;
	add_text(line, "arguments", text, exec->told_size);
}

static void add_rest(struct line *line, const struct cordon_event *event)
{
	const struct cordon_event_fork *process = (const void *)event;
	const struct cordon_event_exit *exit = (const void *)event;
	const struct cordon_event_cgroup *cgroup = (const void *)event;

	switch (event->type) {
	case CORDON_EVENT_FORK:
		add(line, " start=%llu child=%u child_start=%llu own=%u", process->start,
		    process->child, process->child_start, process->child_own);
		break;
	case CORDON_EVENT_EXEC:
		add_exec(line, (const void *)event);
		break;
	case CORDON_EVENT_EXIT:
		add(line, " start=%llu cpu_ns=%llu peak=%u status=%u", exit->start, exit->cpu_ns,
		    exit->peak_kib, exit->status);
		break;
	case CORDON_EVENT_CGROUP:
		add(line, " cgroup=%llu path=%s", cgroup->cgroup,
		    cordon_event_text(event, sizeof(*cgroup), 0));
		break;
	}
}

static const char *name_of(const struct cordon_event *event)
{
	static const char *const names[] = { "fork", "exec", "exit", "cgroup" };

	if (event->type < CORDON_EVENT_FORK || event->type > CORDON_EVENT_CGROUP)
		return "other";
	return names[event->type - CORDON_EVENT_FORK];
}

static void print(void *state, const struct cordon_event *event)
{
	const struct wanted *wanted = state;
	struct line line = { .length = 0 };

	if (strcmp(wanted->what, name_of(event)) != 0)
		return;
	add(&line, "%s cpu=%u sequence=%u pid=%u time=%llu flags=%u size=%u", wanted->what,
	    event->cpu, event->sequence, event->pid, event->time, event->flags, event->size);
	add_rest(&line, event);
	for (int i = 0; i < wanted->patterns; i++) {
		if (regexec(&wanted->pattern[i], line.text, 0, NULL, 0))
			return;
	}
	puts(line.text);
}

/* Return: false: all of them were seen before */
static bool follow(struct places *places, unsigned int cpu, uint32_t first, uint64_t records)
{
	const uint32_t next = first + (uint32_t)records;

	if (cpu >= CPUS_MAX || (int32_t)(next - places->next[cpu]) <= 0)
		return false;
	places->holes += places->next[cpu] != first;
	places->next[cpu] = next;
	return true;
}

static void count(void *state, const struct cordon_event *event)
{
	const struct cordon_event_loss *loss = (const void *)event;
	struct places *places = state;

	if (event->type == CORDON_EVENT_LOSS)
		places->lost +=
			follow(places, loss->cpu, loss->first, loss->records) ? loss->records : 0;
	else if (event->cpu != CORDON_EVENT_NO_CPU)
		places->records += follow(places, event->cpu, event->sequence, 1);
}

static void take_block(const struct cordon_log_block *block, taker take, void *state)
{
	const uint8_t *at = (const uint8_t *)(block + 1), *end = at + block->size;

	for (; at < end; at += ((const struct cordon_event *)at)->size)
		take(state, (const struct cordon_event *)at);
}

static int read_log(const char *path, taker take, void *state)
{
	const int folder CLEANUP(close) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct cordon_failure failure = { .text = "" };
	struct cordon_log_reader *reader;
	struct cordon_log_found found;
	int more;

	if (cordon_log_reader_open(folder, CORDON_CLASS_PROCESS, &failure, &reader)) {
		fprintf(stderr, "%s: %s\n", path, failure.text);
		return 1;
	}
	while ((more = cordon_log_reader_next(reader, &failure, &found)) > 0) {
		/* One that is being written is short. */
		if (found.fault == CORDON_LOG_WHOLE)
			take_block(found.block, take, state);
	}
	cordon_log_reader_close(reader);
	return more ? 1 : 0;
}

static int check(const char *path)
{
	struct places places = { .holes = 0 };

	if (read_log(path, count, &places))
		return 1;
	printf("%llu %llu\n", (unsigned long long)places.records, (unsigned long long)places.lost);
	fprintf(stderr, "%u holes\n", places.holes);
	return places.holes ? 1 : 0;
}

static int read_wanted(const char *path, char **words)
{
	struct wanted wanted = { .what = words[0] };
	char pattern[4096];

	while (words[wanted.patterns + 1]) {
		snprintf(pattern, sizeof(pattern), " %s( |$)", words[wanted.patterns + 1]);
		if (wanted.patterns == 16 ||
		    regcomp(&wanted.pattern[wanted.patterns++], pattern, REG_EXTENDED | REG_NOSUB))
			return 2;
	}
	return read_log(path, print, &wanted);
}

static int make(unsigned int number, char **command)
{
	while (number--) {
		const pid_t child = fork();

		if (child < 0)
			return 1;
		if (!child && command)
			execv(command[0], command);
		if (!child)
			_exit(command ? 127 : 0);
		waitpid(child, NULL, 0);
	}
	return 0;
}

static void *wait_for_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *wait_a_moment(void *unused)
{
	usleep(100000);
	return unused;
}

static int make_threads(unsigned int number, void *(*work)(void *))
{
	pthread_t thread;

	while (number--) {
		if (pthread_create(&thread, NULL, work, NULL))
			return 1;
	}
	return 0;
}

static void *start_program(void *command)
{
	execv(*(char **)command, command);
	_exit(127);
}

static int start_by_thread(char **command)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, start_program, command))
		return 1;
	for (;;)
		pause();
}

static int lead(unsigned int number)
{
	if (make_threads(number, wait_a_moment))
		return 1;
	pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "read"))
		return read_wanted(argv[2], argv + 3);
	if (argc == 3 && !strcmp(argv[1], "check"))
		return check(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "forks"))
		return make((unsigned int)atoi(argv[2]), NULL);
	if (argc > 3 && !strcmp(argv[1], "execs"))
		return make((unsigned int)atoi(argv[2]), argv + 3);
	if (argc == 3 && !strcmp(argv[1], "threads"))
		return make_threads((unsigned int)atoi(argv[2]), wait_for_ever);
	if (argc > 2 && !strcmp(argv[1], "thread"))
		return start_by_thread(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "leader"))
		return lead((unsigned int)atoi(argv[2]));
	return 2;
}
