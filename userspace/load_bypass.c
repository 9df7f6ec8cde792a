// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets past the packet path; see load_bypass.h.
 */
#include "load_bypass.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "bpf/bypass.skel.h"

#include "load_iterator.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"

DEFINE_CLEANUP(bypass_bpf, struct bypass_bpf *, bypass_bpf__destroy)

/* Going through a process's memory waits for a lock that the process may keep for ever: so a child
 * of ours goes through all of them, and for so long. */
#define LOOK_NS (30ULL * 1000000000ULL)
#define END_MS 1000

/* ---- the child ---------------------------------------------------------------------------- */

static int copy(FILE *from, FILE *to)
{
	struct cordon_bypass found;

	while (fread(&found, sizeof(found), 1, from) == 1) {
		if (fwrite(&found, sizeof(found), 1, to) != 1)
			return -EIO;
	}
	/* What comes next may wait. */
	return ferror(from) || fflush(to) ? -EIO : 0;
}

static int tell_one(const struct bpf_program *program, FILE *to)
{
	FILE *from CLEANUP(fclose) = cordon_iterator_open(program);

	return from ? copy(from, to) : -errno;
}

static int tell_all(FILE *to)
{
	struct bypass_bpf *bypass CLEANUP(bypass_bpf) = NULL;
	int error = 0;

	libbpf_set_print(NULL);
	bypass = bypass_bpf__open_and_load();
	if (!bypass)
		return -errno;
	const struct bpf_program *const each[] = {
		bypass->progs.bypass_files,
		bypass->progs.bypass_rings,
		bypass->progs.bypass_memory,
		bypass->progs.bypass_hidden,
	};
	for (size_t i = 0; i < ARRAY_SIZE(each) && !error; i++)
		error = tell_one(each[i], to);
	return error;
}

/* Its exit status is what stopped it. */
static void be_child(int to)
{
	FILE *stream = fdopen(to, "w");
	const int error = stream ? tell_all(stream) : -errno;

	_exit(-error > 255 ? EIO : -error);
}

/* ---- who waits for it --------------------------------------------------------------------- */

static int wait_for(int fd, uint64_t until)
{
	const uint64_t now = cordon_clock_ns();
	struct pollfd from = { .fd = fd, .events = POLLIN };
	int ready;

	if (now >= until)
		return -ETIMEDOUT;
	ready = poll(&from, 1, (int)((until - now) / 1000000) + 1);
	return ready > 0 || (ready < 0 && errno == EINTR) ? 0 : ready ? -errno : -ETIMEDOUT;
}

/* Return: 1: @ret_found is the next; 0: there is none; -errno */
static int receive(int fd, uint64_t until, struct cordon_bypass *ret_found)
{
	size_t have = 0;

	while (have < sizeof(*ret_found)) {
		const int error = wait_for(fd, until);
		ssize_t got;

		if (error)
			return error;
		got = read(fd, (char *)ret_found + have, sizeof(*ret_found) - have);
		if (got <= 0)
			return got ? -errno : 0;
		have += (size_t)got;
	}
	return 1;
}

static int receive_all(int fd, struct cordon_bypass **list, size_t *nr)
{
	const uint64_t until = cordon_clock_ns() + LOOK_NS;
	struct cordon_bypass found;
	int more;

	while ((more = receive(fd, until, &found)) == 1) {
		struct cordon_bypass *entry = array_push(*list, *nr);

		if (!entry)
			return -ENOMEM;
		*entry = found;
	}
	return more;
}

/* Killed, it need not end at once either. */
static int end_child(pid_t child, int error)
{
	int status = 0;

	if (error)
		kill(child, SIGKILL);
	for (int i = 0; i < END_MS && !waitpid(child, &status, WNOHANG); i++)
		usleep(1000);
	return error ? error : WIFEXITED(status) ? -WEXITSTATUS(status) : -EIO;
}

int cordon_bypass_list(struct cordon_bypass **ret_found, size_t *ret_nr)
{
	int from CLEANUP(close) = -1;
	int ends[2], error;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	from = ends[0];
	child = fork();
	if (!child)
		be_child(ends[1]);
	error = child < 0 ? -errno : 0;
	close(ends[1]);
	return error ? error : end_child(child, receive_all(from, ret_found, ret_nr));
}
