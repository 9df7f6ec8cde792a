// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A snapshot, by running this program's own commands, each in a process of its
 * own that is bounded in time and size.
 */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"

#define SECONDS 10
#define BYTES (64UL << 20)

/* Arguments of the common options, and of the longest command. */
#define ARGUMENTS 16

static const struct view {
	const char *file;
	const char *command[2];
} views[] = {
	{ "status.json", { "status" } },
	{ "counters.json", { "counters" } },
	{ "denials.json", { "counters", "--denials" } },
	{ "flows.json", { "flows" } },
};

static void add_option(const char **arguments, size_t *nr, const char *name, const char *value)
{
	if (!value || !value[0])
		return;
	arguments[(*nr)++] = name;
	arguments[(*nr)++] = value;
}

static void become(const struct cordon_context *context, const struct view *view, int file)
{
	const struct rlimit size = { BYTES, BYTES };
	const char *arguments[ARGUMENTS] = { "cordon", "--json" };
	size_t nr = 2;

	add_option(arguments, &nr, "--root", context->root);
	add_option(arguments, &nr, "--bpffs", context->bpffs);
	add_option(arguments, &nr, "--cgroup", context->cgroup);
	for (size_t i = 0; i < ARRAY_SIZE(view->command) && view->command[i]; i++)
		arguments[nr++] = view->command[i];
	setrlimit(RLIMIT_FSIZE, &size);
	alarm(SECONDS);
	dup2(file, STDOUT_FILENO);
	execv("/proc/self/exe", (char *const *)arguments);
	_exit(127);
}

/* What a command finds wrong with the node is no failure to tell it. */
static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return WIFEXITED(status) && WEXITSTATUS(status) != 127 ? 0 : -EIO;
}

static int capture(const struct cordon_context *context, const char *folder,
		   const struct view *view)
{
	const int at CLEANUP(close) = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int file CLEANUP(close) =
		openat(at, view->file, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	pid_t child;
	int error;

	if (file < 0)
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		become(context, view, file);
	error = wait_for(child);
	return error ? error : fsync(file) ? -errno : 0;
}

int cordon_snapshot(const struct cordon_context *context, const char *name,
		    struct cordon_failure *failure)
{
	char text[128];
	struct cordon_path folder;
	int error, result = 0;

	snprintf(text, sizeof(text), "/var/lib/cordon/evidence/%s", name);
	folder = cordon_path_root(context, text);
	error = cordon_folder_make(folder.text, 0700);
	if (error)
		return cordon_fail(failure, error, "cannot make %s: %s", folder.text,
				   strerror(-error));
	for (size_t i = 0; i < ARRAY_SIZE(views); i++) {
		error = capture(context, folder.text, &views[i]);
		if (error)
			result = cordon_fail(failure, error, "cannot capture %s in %s: %s",
					     views[i].file, folder.text, strerror(-error));
	}
	return result;
}
