// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc, process by process; see evidence_walk.h.
 */
#include "evidence_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util/child.h"
#include "util/cleanup.h"
#include "util/clock.h"
#include "util/print.h"

/* So many may make us wait, and so long. */
#define HANGING_MAX 5
#define HANGS_NS 1500000000ULL

int cordon_process_walk(cordon_process_visitor visitor, void *state)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;

	if (!processes)
		return -errno;
	while ((entry = readdir(processes))) {
		char *end;
		const long pid = strtol(entry->d_name, &end, 10);
		const int folder CLEANUP(close) =
			*end || pid <= 0 ? -1 :
					   openat(dirfd(processes), entry->d_name,
						  O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (folder >= 0)
			visitor(state, folder, (pid_t)pid);
	}
	closedir(processes);
	return 0;
}

/* ---- apart -------------------------------------------------------------------------------- */

/* struct apart - @at: the process that is being looked at, in memory that is shared
 * @after: those up to this one have been
 */
struct apart {
	cordon_process_visitor visitor;
	void *state;
	FILE *file;
	pid_t *at;
	pid_t after;
};

/* Numbers of processes come in their order. */
static void visit_next(void *state, int folder, pid_t pid)
{
	const struct apart *apart = state;

	if (pid <= apart->after)
		return;
	*apart->at = pid;
	apart->visitor(apart->state, folder, pid);
	fflush(apart->file);
}

static int look_on(struct apart *apart, const bool *hides)
{
	const pid_t child = fork();
	bool gone;
	int error;

	if (child < 0)
		return -errno;
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		error = cordon_process_walk(visit_next, apart);
		_exit(error ? -error : *hides ? EPERM : 0);
	}
	error = cordon_child_wait(child, cordon_clock_ns() + HANGS_NS, &gone);
	return error > 0 ? -error : error;
}

/* On a line of its own, whatever the one before it came to. */
static void tell_hanging(struct apart *apart)
{
	struct json json = { .file = apart->file };

	fputc('\n', apart->file);
	json_object(&json, NULL);
	json_number(&json, "pid", (uint64_t)*apart->at);
	json_bool(&json, "hangs", true);
	json_object_end(&json);
	json_line_end(&json);
	fflush(apart->file);
}

int cordon_process_walk_apart(cordon_process_visitor visitor, void *state, FILE *file,
			      const bool *hides)
{
	struct apart apart = { visitor, state, file, NULL, 0 };
	int error = -ETIME;

	apart.at = mmap(NULL, sizeof(*apart.at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (apart.at == MAP_FAILED)
		return -errno;
	for (int i = 0; i < HANGING_MAX && error == -ETIME; i++) {
		error = look_on(&apart, hides);
		if (error != -ETIME || *apart.at == apart.after)
			break;
		tell_hanging(&apart);
		apart.after = *apart.at;
	}
	munmap(apart.at, sizeof(*apart.at));
	return error;
}

/* ---- its files ---------------------------------------------------------------------------- */

FILE *cordon_process_open(int folder, const char *name)
{
	const int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");

	if (!file && fd >= 0)
		close(fd);
	return file;
}

ssize_t cordon_process_text(int folder, const char *name, char *text, size_t room)
{
	const int fd CLEANUP(close) = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t size = 0, got;

	text[0] = '\0';
	if (fd < 0)
		return -1;
	while ((size_t)size + 1 < room &&
	       (got = read(fd, text + size, room - 1 - (size_t)size)) > 0)
		size += got;
	text[size] = '\0';
	return size;
}

bool cordon_process_link(int folder, const char *name, char (*ret_target)[PATH_MAX])
{
	const ssize_t size = readlinkat(folder, name, *ret_target, sizeof(*ret_target) - 1);

	if (size < 0)
		return false;
	(*ret_target)[size] = '\0';
	return true;
}

bool cordon_process_hides(void)
{
	return errno == EACCES || errno == EPERM;
}

DIR *cordon_process_files(int folder)
{
	const int fd = openat(folder, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *files = fd < 0 ? NULL : fdopendir(fd);

	if (!files && fd >= 0)
		close(fd);
	return files;
}
