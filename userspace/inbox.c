// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The inbox: inotify tells when to look, a list of all mounts when a medium
 * has come.  Whoever looks sees all there is, so that no message is relied on.
 */
#include "inbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define FOLDER "/var/lib/cordon/inbox"
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR)

/* Files on media stay where they are: so many of them are known again.  One medium must not make
 * us forget all others, and then see its own for the first time again. */
#define KNOWN_MAX 256
#define MEDIUM_MAX 64

#define PAUSE_NS 1000000000ULL
#define PAUSES_MAX 9
#define PAUSE_MAX_NS (300 * PAUSE_NS)

/*
 * struct known - a file that was seen
 * @pauses: so many times it was to be tried again
 * @again_ns: when it is, CLOCK_MONOTONIC; 0: not
 */
struct known {
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec changed;
	unsigned int pauses;
	uint64_t again_ns;
};

struct cordon_inbox {
	struct cordon_path folder;
	int epoll;
	int inotify;
	int mounts;
	struct known known[KNOWN_MAX];
	size_t nr_known; /* ever: the oldest is forgotten first */
};

static int watch_fd(const struct cordon_inbox *inbox, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events };

	return epoll_ctl(inbox->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_watches(struct cordon_inbox *inbox)
{
	int error;

	inbox->epoll = epoll_create1(EPOLL_CLOEXEC);
	inbox->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	inbox->mounts = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	if (inbox->epoll < 0 || inbox->inotify < 0 || inbox->mounts < 0)
		return -errno;
	error = watch_fd(inbox, inbox->inotify, EPOLLIN);
	return error ? error : watch_fd(inbox, inbox->mounts, EPOLLPRI);
}

int cordon_inbox_open(const struct cordon_context *context, struct cordon_failure *failure,
		      struct cordon_inbox **ret_inbox)
{
	struct cordon_inbox *inbox = calloc(1, sizeof(*inbox));
	int error;

	if (!inbox)
		return cordon_fail(failure, -ENOMEM, "no memory for the inbox");
	inbox->epoll = inbox->inotify = inbox->mounts = -1;
	/* Who opens a file to write while we hold a lease on it makes the kernel tell us so; by
	 * default that ends a process. */
	signal(SIGIO, SIG_IGN);
	inbox->folder = cordon_path_root(context, FOLDER);
	/* A disk that cannot be written to has none, and may have one later. */
	cordon_folder_make(inbox->folder.text, 0700);
	error = open_watches(inbox);
	if (error) {
		cordon_fail(failure, error, "cannot watch %s: %s", inbox->folder.text,
			    strerror(-error));
		cordon_inbox_close(inbox);
		return error;
	}
	*ret_inbox = inbox;
	return 0;
}

void cordon_inbox_close(struct cordon_inbox *inbox)
{
	if (!inbox)
		return;
	cleanup_close(&inbox->epoll);
	cleanup_close(&inbox->inotify);
	cleanup_close(&inbox->mounts);
	free(inbox);
}

int cordon_inbox_fd(const struct cordon_inbox *inbox)
{
	return inbox->epoll;
}

/* What they say does not matter: they must only not be said again. */
static void drain(const struct cordon_inbox *inbox)
{
	char events[4096];

	while (read(inbox->inotify, events, sizeof(events)) > 0)
		;
	lseek(inbox->mounts, 0, SEEK_SET);
	while (read(inbox->mounts, events, sizeof(events)) > 0)
		;
}

static struct known *find_known(struct cordon_inbox *inbox, const struct stat *status)
{
	for (size_t i = 0; i < KNOWN_MAX && i < inbox->nr_known; i++) {
		struct known *known = &inbox->known[i];

		if (known->device == status->st_dev && known->inode == status->st_ino &&
		    known->size == status->st_size &&
		    known->changed.tv_sec == status->st_ctim.tv_sec &&
		    known->changed.tv_nsec == status->st_ctim.tv_nsec)
			return known;
	}
	return NULL;
}

static struct known *know(struct cordon_inbox *inbox, const struct stat *status)
{
	struct known *known = &inbox->known[inbox->nr_known++ % KNOWN_MAX];

	*known = (struct known){
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = status->st_size,
		.changed = status->st_ctim,
	};
	return known;
}

static bool is_due(const struct known *known)
{
	return !known || (known->again_ns && known->again_ns <= cordon_clock_ns());
}

/* A read lease is not to be had while somebody has the file open to write. */
static bool is_being_written(int fd)
{
	if (!fcntl(fd, F_SETLEASE, F_RDLCK)) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
		return false;
	}
	return errno == EAGAIN;
}

static bool take_file(struct cordon_inbox *inbox, int folder, const char *name,
		      struct cordon_inbox_file *ret_file)
{
	int fd CLEANUP(close) =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct known *known;
	struct stat status;

	if (fd < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode))
		return false;
	known = find_known(inbox, &status);
	if (!is_due(known) || is_being_written(fd))
		return false;
	if (!known)
		known = know(inbox, &status);
	known->again_ns = 0;
	ret_file->fd = TAKE_FD(fd);
	ret_file->again = known->pauses > 0;
	ret_file->place = (size_t)(known - inbox->known);
	return true;
}

void cordon_inbox_retry(struct cordon_inbox *inbox, const struct cordon_inbox_file *file)
{
	struct known *known = &inbox->known[file->place];
	const uint64_t pause = PAUSE_NS << known->pauses;

	known->again_ns = cordon_clock_ns() + (pause < PAUSE_MAX_NS ? pause : PAUSE_MAX_NS);
	if (known->pauses < PAUSES_MAX)
		known->pauses++;
}

static struct cordon_path join(const char *folder, const char *name)
{
	struct cordon_path path;

	if (snprintf(path.text, sizeof(path.text), "%s/%s", folder, name) >= (int)sizeof(path.text))
		path.text[0] = '\0';
	return path;
}

static bool look_in(struct cordon_inbox *inbox, const char *path, bool own,
		    struct cordon_inbox_file *ret_file)
{
	DIR *folder CLEANUP(folder) = opendir(path);
	size_t most = own ? SIZE_MAX : MEDIUM_MAX;
	const struct dirent *entry;

	/* First the watch, then the look: what comes in between is told. */
	inotify_add_watch(inbox->inotify, path, EVENTS);
	while (folder && most && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.' ||
		    (entry->d_type != DT_REG && entry->d_type != DT_UNKNOWN))
			continue;
		most--;
		if (!take_file(inbox, dirfd(folder), entry->d_name, ret_file))
			continue;
		ret_file->path = join(path, entry->d_name);
		ret_file->own = own;
		return true;
	}
	return false;
}

static DIR *open_folder(const struct cordon_inbox *inbox)
{
	DIR *folder = opendir(inbox->folder.text);

	if (folder || errno != ENOENT || cordon_folder_make(inbox->folder.text, 0700))
		return folder;
	return opendir(inbox->folder.text);
}

bool cordon_inbox_next(struct cordon_inbox *inbox, struct cordon_inbox_file *ret_file)
{
	DIR *folder CLEANUP(folder) = open_folder(inbox);
	const struct dirent *entry;

	drain(inbox);
	if (look_in(inbox, inbox->folder.text, true, ret_file))
		return true;
	while (folder && (entry = readdir(folder))) {
		struct cordon_path path;

		if (entry->d_name[0] == '.' || entry->d_type == DT_REG)
			continue;
		path = join(inbox->folder.text, entry->d_name);
		if (look_in(inbox, path.text, false, ret_file))
			return true;
	}
	return false;
}
