// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets past the packet path; see load_bypass.h.
 */
#include "load_bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "load_iterator.h"
#include "load_pin.h"
#include "util/array.h"
#include "util/child.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define SECOND 1000000000ULL

/* Going through a process's memory waits for a lock that the process may keep for ever, and its
 * descriptors may be a million: so a child of ours looks, at one for so long, and at all. */
#define LOOK_AT_ONE_NS (10 * SECOND)
#define LOOK_NS (30 * SECOND)

/* Of the child: it looks at what thread @pid (in the list) has. */
#define AT_THREAD (-4)

/** struct iterators - the programs of bpf/bypass.h, by descriptor */
struct iterators {
	int sockets;
	int tasks;
	int files;
	int memory;
};

static inline void cleanup_iterators(struct iterators *iterators)
{
	cleanup_close(&iterators->sockets);
	cleanup_close(&iterators->tasks);
	cleanup_close(&iterators->files);
	cleanup_close(&iterators->memory);
}

static int open_one(const struct cordon_context *context, const char *name, int *ret_iterator)
{
	*ret_iterator = cordon_pin_open(context, CORDON_PIN_PROGS, name);
	return *ret_iterator < 0 ? *ret_iterator : 0;
}

static int open_iterators(const struct cordon_context *context, struct iterators *iterators)
{
	int error = open_one(context, "bypass_sockets", &iterators->sockets);

	if (!error)
		error = open_one(context, "bypass_tasks", &iterators->tasks);
	if (!error)
		error = open_one(context, "bypass_files", &iterators->files);
	if (!error)
		error = open_one(context, "bypass_memory", &iterators->memory);
	return error;
}

void cordon_bypass_seen_clear(struct cordon_bypass_seen *seen)
{
	free(seen->sockets);
	free(seen->tasks);
	free(seen->found);
	*seen = (struct cordon_bypass_seen){ .nr_found = 0 };
}

/* ---- what is listed ----------------------------------------------------------------------- */

/* Up to the one that says so. Nothing is read ahead: for each page more the kernel goes through
 * all. */
static int read_sockets(int program, struct cordon_bypass_seen *seen)
{
	struct cordon_bypass_socket socket;
	char buffer[sizeof(socket)];
	FILE *from CLEANUP(fclose) = cordon_iterator_open(program);

	if (!from)
		return -errno;
	setvbuf(from, buffer, _IOFBF, sizeof(buffer));
	while (fread(&socket, sizeof(socket), 1, from) == 1) {
		struct cordon_bypass_socket *entry;

		if (!socket.family)
			return 0;
		entry = array_push(seen->sockets, seen->nr_sockets);
		if (!entry)
			return -ENOMEM;
		*entry = socket;
	}
	return ferror(from) ? -EIO : -E2BIG;
}

static int read_tasks(int program, struct cordon_bypass_seen *seen)
{
	FILE *from CLEANUP(fclose) = cordon_iterator_open(program);
	struct cordon_bypass_task task;

	if (!from)
		return -errno;
	while (fread(&task, sizeof(task), 1, from) == 1) {
		struct cordon_bypass_task *entry = array_push(seen->tasks, seen->nr_tasks);

		if (!entry)
			return -ENOMEM;
		*entry = task;
	}
	return ferror(from) ? -EIO : 0;
}

/* ---- who may hold others ------------------------------------------------------------------ */

/* A thread of the kernel's that works for a process has its memory. */
static bool is_worked_for(const struct cordon_bypass_seen *seen,
			  const struct cordon_bypass_task *task)
{
	if (task->flags & CORDON_BYPASS_KERNEL)
		return false;
	for (size_t i = 0; i < seen->nr_tasks; i++) {
		if (seen->tasks[i].flags & CORDON_BYPASS_KERNEL && seen->tasks[i].memory &&
		    seen->tasks[i].memory == task->memory)
			return true;
	}
	return false;
}

static int add_holder(struct cordon_bypass_seen *seen, const struct cordon_bypass_task *task)
{
	struct cordon_bypass *entry = array_push(seen->found, seen->nr_found);

	if (!entry)
		return -ENOMEM;
	entry->fd = CORDON_BYPASS_HOLDER;
	entry->pid = task->pid;
	entry->start = task->start;
	return 0;
}

static int add_holders(struct cordon_bypass_seen *seen)
{
	int error = 0;

	for (size_t i = 0; i < seen->nr_tasks && !error; i++) {
		const struct cordon_bypass_task *task = &seen->tasks[i];

		if (task->flags & CORDON_BYPASS_HOLDS || is_worked_for(seen, task))
			error = add_holder(seen, task);
	}
	return error;
}

/* ---- the child ---------------------------------------------------------------------------- */

static uint64_t member_of(const struct cordon_bypass_task *task, size_t offset)
{
	return *(const uint64_t *)((const char *)task + offset);
}

/* Threads share what they have, and stand next to each other; of one of the kernel's that has a
 * process's memory nothing is asked. */
static bool is_first(const struct cordon_bypass_seen *seen, size_t nr, size_t offset)
{
	const struct cordon_bypass_task *own = &seen->tasks[nr], *other;

	for (size_t i = nr; i; i--) {
		other = &seen->tasks[i - 1];
		if (member_of(other, offset) == member_of(own, offset) &&
		    (other->flags & CORDON_BYPASS_KERNEL) == (own->flags & CORDON_BYPASS_KERNEL))
			return false;
	}
	return member_of(own, offset);
}

static int copy_of(int program, uint32_t tid, FILE *to)
{
	FILE *from CLEANUP(fclose) = cordon_iterator_open_of(program, tid);
	struct cordon_bypass found;

	/* It has ended. */
	if (!from)
		return errno == ESRCH ? 0 : -errno;
	while (fread(&found, sizeof(found), 1, from) == 1) {
		if (fwrite(&found, sizeof(found), 1, to) != 1)
			return -EIO;
	}
	return ferror(from) ? -EIO : 0;
}

static int look_at(const struct iterators *iterators, const struct cordon_bypass_seen *seen,
		   size_t nr, FILE *to)
{
	const struct cordon_bypass at = { .fd = AT_THREAD, .pid = (uint32_t)nr };
	const struct cordon_bypass_task *task = &seen->tasks[nr];
	const bool files = is_first(seen, nr, offsetof(struct cordon_bypass_task, files));
	const bool memory = !(task->flags & CORDON_BYPASS_KERNEL) &&
			    is_first(seen, nr, offsetof(struct cordon_bypass_task, memory));
	int error = 0;

	if (!files && !memory)
		return 0;
	/* What comes next may wait. */
	if (fwrite(&at, sizeof(at), 1, to) != 1 || fflush(to))
		return -EIO;
	if (files)
		error = copy_of(iterators->files, task->tid, to);
	if (memory && !error)
		error = copy_of(iterators->memory, task->tid, to);
	return error;
}

/* Its exit status is what stopped it. */
static void be_child(const struct iterators *iterators, const struct cordon_bypass_seen *seen,
		     size_t from, int fd)
{
	FILE *to = fdopen(fd, "w");
	int error = to ? 0 : -errno;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t i = from; i < seen->nr_tasks && !error; i++)
		error = look_at(iterators, seen, i, to);
	if (!error && fflush(to))
		error = -EIO;
	_exit(-error > 255 ? EIO : -error);
}

/* ---- who waits for it --------------------------------------------------------------------- */

/**
 * struct look - at all threads
 * @at: the one that the child looks at
 * @until_ns: for all of them
 * @one_until_ns: for this one
 */
struct look {
	const struct iterators *iterators;
	struct cordon_bypass_seen *seen;
	size_t at;
	uint64_t until_ns;
	uint64_t one_until_ns;
};

static uint64_t sooner(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

static int take(struct look *look, const struct cordon_bypass *found)
{
	struct cordon_bypass *entry;

	if (found->fd == AT_THREAD) {
		look->at = found->pid;
		look->one_until_ns = cordon_clock_ns() + LOOK_AT_ONE_NS;
		return 0;
	}
	entry = array_push(look->seen->found, look->seen->nr_found);
	if (!entry)
		return -ENOMEM;
	*entry = *found;
	return 0;
}

/* Return: 1: @ret_found is the next; 0: there is none; -ETIME; -errno */
static int receive(const struct look *look, int fd, struct cordon_bypass *ret_found)
{
	size_t have = 0;

	while (have < sizeof(*ret_found)) {
		ssize_t got;

		if (!cordon_child_tells(fd, sooner(look->until_ns, look->one_until_ns)))
			return -ETIME;
		got = read(fd, (char *)ret_found + have, sizeof(*ret_found) - have);
		if (got <= 0)
			return got ? -errno : 0;
		have += (size_t)got;
	}
	return 1;
}

static int receive_all(struct look *look, int fd)
{
	struct cordon_bypass found;
	int more, error = 0;

	look->one_until_ns = cordon_clock_ns() + LOOK_AT_ONE_NS;
	while (!error && (more = receive(look, fd, &found)) == 1)
		error = take(look, &found);
	return error ? error : more;
}

/* Return: 0; -ETIME: it hangs at one; -errno */
static int look_on(struct look *look)
{
	int from CLEANUP(close) = -1;
	int ends[2], error, status;
	pid_t child;
	bool gone;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	from = ends[0];
	child = fork();
	if (!child) {
		close(from);
		be_child(look->iterators, look->seen, look->at, ends[1]);
	}
	error = child < 0 ? -errno : 0;
	close(ends[1]);
	if (error)
		return error;
	error = receive_all(look, from);
	status = cordon_child_wait(child, error ? 0 : cordon_clock_ns() + SECOND, &gone);
	return error ? error : status > 0 ? -status : status;
}

static int pass_by(struct look *look)
{
	const struct cordon_bypass_task *task = &look->seen->tasks[look->at++];

	if (!look->seen->nr_hanging++)
		look->seen->hanging = task->pid;
	return add_holder(look->seen, task);
}

static int look_at_all(const struct iterators *iterators, struct cordon_bypass_seen *seen)
{
	struct look look = { iterators, seen, .until_ns = cordon_clock_ns() + LOOK_NS };
	int error = look_on(&look);

	while (error == -ETIME && cordon_clock_ns() < look.until_ns) {
		error = pass_by(&look);
		if (!error)
			error = look_on(&look);
	}
	return error == -ETIME ? -ETIMEDOUT : error;
}

int cordon_bypass_see(const struct cordon_context *context, bool always,
		      struct cordon_bypass_seen *ret_seen)
{
	struct iterators iterators CLEANUP(iterators) = { -1, -1, -1, -1 };
	struct cordon_bypass_seen *seen = ret_seen;
	int listed, error = open_iterators(context, &iterators);

	if (error)
		return error;
	listed = read_sockets(iterators.sockets, seen);
	if (!listed && !seen->nr_sockets && !always)
		return 0;
	error = read_tasks(iterators.tasks, seen);
	if (!error)
		error = add_holders(seen);
	if (!error)
		error = look_at_all(&iterators, seen);
	return error ? error : listed;
}
