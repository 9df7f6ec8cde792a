// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options that every command takes, paths, and the one lock.
 */
#include "context.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"

#define LOCK_WAIT_MS 2000
#define LOCK_POLL_MS 10

struct option {
	const char *name;
	const char **value;
};

/* "--name VALUE" or "--name=VALUE". Return: arguments taken, 0: not this one,
 * -EINVAL: its value is missing. */
static int take_value(const struct option *option, char **argv, struct cordon_failure *failure)
{
	const size_t length = strlen(option->name);

	if (strncmp(argv[0], option->name, length) != 0)
		return 0;
	if (argv[0][length] == '=') {
		*option->value = argv[0] + length + 1;
		return 1;
	}
	if (argv[0][length])
		return 0;
	if (!argv[1])
		return cordon_fail(failure, -EINVAL, "%s needs a value", option->name);
	*option->value = argv[1];
	return 2;
}

static int take_option(struct cordon_context *context, char **argv, struct cordon_failure *failure)
{
	const struct option options[] = {
		{ "--root", &context->root },
		{ "--bpffs", &context->bpffs },
		{ "--cgroup", &context->cgroup },
	};

	if (!strcmp(argv[0], "--json")) {
		context->json = true;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const int taken = take_value(&options[i], argv, failure);

		if (taken)
			return taken;
	}
	return 0;
}

bool cordon_context_is_node(const struct cordon_context *context)
{
	return !context->root[0] && !strcmp(context->bpffs, CORDON_BPFFS_DEFAULT);
}

int cordon_context_take(struct cordon_context *context, int *argc, char **argv,
			struct cordon_failure *failure)
{
	int kept = 1;

	for (int i = 1; i < *argc;) {
		const int taken = take_option(context, argv + i, failure);

		if (taken < 0)
			return taken;
		if (!taken)
			argv[kept++] = argv[i];
		i += taken ? taken : 1;
	}
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}

struct cordon_path cordon_path_root(const struct cordon_context *context, const char *absolute)
{
	struct cordon_path path;

	snprintf(path.text, sizeof(path.text), "%s%s", context->root, absolute);
	return path;
}

struct cordon_path cordon_path_pin(const struct cordon_context *context, const char *folder,
				   const char *name)
{
	struct cordon_path path;

	snprintf(path.text, sizeof(path.text), "%s/%s/%s", context->bpffs, folder, name);
	return path;
}

int cordon_folder_make(const char *path, unsigned int mode)
{
	char *copy CLEANUP(free) = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(copy, mode) && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	if (mkdir(copy, mode) && errno != EEXIST)
		return -errno;
	return 0;
}

static int read_pid(int fd)
{
	char text[16] = "";

	return pread(fd, text, sizeof(text) - 1, 0) > 0 ? (int)strtol(text, NULL, 10) : 0;
}

static int write_pid(int fd)
{
	char text[16];
	const int size = snprintf(text, sizeof(text), "%d\n", getpid());

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)size, 0) != size)
		return -EIO;
	return 0;
}

static int open_lock(const struct cordon_context *context, const char *name,
		     struct cordon_failure *failure)
{
	const struct cordon_path folder = cordon_path_root(context, "/run/cordon");
	const struct cordon_path path = cordon_path_root(context, name);
	int error, fd;

	error = cordon_folder_make(folder.text, 0755);
	if (error)
		return cordon_fail(failure, error, "cannot make %s: %s", folder.text,
				   strerror(-error));
	/* Who may open it may lock it: nobody else must keep a node from being shut. */
	fd = open(path.text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return cordon_fail(failure, -errno, "cannot open %s: %s", path.text,
				   strerror(errno));
	fchmod(fd, 0600);
	return fd;
}

/* Where there can be no lock, the folder of the pins is locked instead: a full or
 * read-only disk, or whatever is in the place of /run/cordon, must not keep anyone
 * from sealing. */
static int open_change_lock(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_failure unsaid = { .text = "" };
	const int fd = open_lock(context, "/run/cordon/lock", &unsaid);
	int pins;

	if (fd >= 0)
		return fd;
	pins = open(context->bpffs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (pins < 0 && errno == ENOENT && !cordon_folder_make(context->bpffs, 0700))
		pins = open(context->bpffs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return pins < 0 ? cordon_fail(failure, fd, "%s", unsaid.text) : pins;
}

/* Two locks on one file that know nothing of each other: who waits for the second holds the first,
 * so that whoever had the lock and wants it again comes after him. */
static int try_queue(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (!fcntl(fd, F_OFD_SETLK, &whole) || errno == EBADF)
		return 0; /* EBADF: a folder, which has no such lock */
	return errno == EACCES ? -EAGAIN : -errno;
}

static void leave_queue(int fd)
{
	struct flock whole = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	fcntl(fd, F_OFD_SETLK, &whole);
}

static int try_lock(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
}

static int wait_for(int fd, int (*try)(int fd), int *waited)
{
	const struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000L };
	int error;

	while ((error = try(fd)) == -EAGAIN || error == -EINTR) {
		if (*waited >= LOCK_WAIT_MS)
			return -EBUSY;
		nanosleep(&pause, NULL);
		*waited += LOCK_POLL_MS;
	}
	return error;
}

int cordon_lock_take(const struct cordon_context *context, struct cordon_failure *failure,
		     int *ret_fd)
{
	int fd CLEANUP(close) = open_change_lock(context, failure);
	int waited = 0, error;

	if (fd < 0)
		return fd;
	error = wait_for(fd, try_queue, &waited);
	if (!error)
		error = wait_for(fd, try_lock, &waited);
	leave_queue(fd);
	if (error == -EBUSY)
		return cordon_fail(failure, error,
				   "another cordon (pid %d) is changing the policy; try again",
				   read_pid(fd));
	if (error)
		return cordon_fail(failure, error, "cannot lock: %s", strerror(-error));
	write_pid(fd);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* Its name is what it is, too: "cordon run --hand". */
static int claim(const struct cordon_context *context, const char *name, const char *path,
		 struct cordon_failure *failure, int *ret_fd)
{
	int fd CLEANUP(close) = open_lock(context, path, failure);

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX | LOCK_NB))
		return cordon_fail(failure, -EBUSY, "%s is running already (pid %d)", name,
				   read_pid(fd));
	write_pid(fd);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int cordon_daemon_claim(const struct cordon_context *context, struct cordon_failure *failure,
			int *ret_fd)
{
	return claim(context, "cordon run", "/run/cordon/daemon", failure, ret_fd);
}

int cordon_hand_claim(const struct cordon_context *context, struct cordon_failure *failure,
		      int *ret_fd)
{
	return claim(context, "cordon run --hand", "/run/cordon/hand", failure, ret_fd);
}

static int claimed_pid(const struct cordon_context *context, const char *name)
{
	const struct cordon_path path = cordon_path_root(context, name);
	int fd CLEANUP(close) = open(path.text, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || !flock(fd, LOCK_SH | LOCK_NB))
		return 0;
	return read_pid(fd);
}

int cordon_daemon_pid(const struct cordon_context *context)
{
	return claimed_pid(context, "/run/cordon/daemon");
}

int cordon_hand_pid(const struct cordon_context *context)
{
	return claimed_pid(context, "/run/cordon/hand");
}
