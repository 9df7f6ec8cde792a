// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files and folders: overwritten and unlinked.  No symbolic link is followed,
 * and no other file system that is mounted below a folder is entered.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "destroy.h"
#include "fault.h"
#include "util/cleanup.h"
#include "util/file.h"

/* Who nests deeper has no secrets there but to make us end. */
#define DEPTH_MAX 64

/*
 * struct walk
 * @files: overwritten and unlinked; @late: unlinked without, as time was up
 * @named: of them, those that have other names, too
 * @others: links, sockets and the like, unlinked
 * @kept: what is still there, and @why of the first
 * @lack: what overwriting did not reach
 */
struct walk {
	uint64_t until;
	dev_t device;
	unsigned int files, late, named, others, kept;
	char why[160];
	const char *lack;
};

static void keep(struct walk *walk, const char *name, const char *why)
{
	if (!walk->kept++)
		snprintf(walk->why, sizeof(walk->why), "%.80s: %s", name, why);
}

/* chattr +i and +a keep even root from it. */
static void make_mutable(int folder, const char *name)
{
	const int fd CLEANUP(close) =
		openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int flags;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) ||
	    !(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL)))
		return;
	flags &= ~(FS_IMMUTABLE_FL | FS_APPEND_FL);
	ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

/* Holes hold nothing, and filling them takes room. */
static int overwrite_data(int fd, off_t size, uint64_t until)
{
	off_t at = 0;
	int error = 0;

	while (at < size && !error) {
		const off_t data = lseek(fd, at, SEEK_DATA);
		off_t hole;

		if (data < 0)
			return errno == ENXIO ? 0 : -errno;
		hole = lseek(fd, data, SEEK_HOLE);
		if (hole <= data)
			hole = size;
		error = cordon_destroy_overwrite(fd, (uint64_t)data, (uint64_t)(hole - data),
						 until);
		at = hole;
	}
	return error;
}

/* Return: 0: overwritten; -ETIMEDOUT: not all of it; -errno: it could not be */
static int overwrite(struct walk *walk, int folder, const char *name)
{
	const int fd CLEANUP(close) =
		openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	const char *lack;
	struct stat status;
	int error;

	if (fd < 0 || fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ESTALE;
	walk->named += status.st_nlink > 1;
	lack = cordon_destroy_medium(fd);
	error = overwrite_data(fd, status.st_size, walk->until);
	if (lack[0] && status.st_size)
		walk->lack = lack;
	/* Its room goes back at once, whoever still has it open. */
	if (!error && ftruncate(fd, 0))
		error = -errno;
	return error;
}

static void destroy_regular(struct walk *walk, int folder, const char *name)
{
	const int error = overwrite(walk, folder, name);

	cordon_step("file overwritten");
	if (error && error != -ETIMEDOUT) {
		keep(walk, name, strerror(-error));
		return;
	}
	if (unlinkat(folder, name, 0))
		keep(walk, name, strerror(errno));
	else if (error)
		walk->late++;
	else
		walk->files++;
}

static void destroy_entry(struct walk *walk, int folder, const char *name, unsigned int depth);

static void destroy_folder(struct walk *walk, int parent, const char *name, unsigned int depth)
{
	const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder CLEANUP(folder) = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!folder) {
		keep(walk, name, strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			destroy_entry(walk, dirfd(folder), entry->d_name, depth + 1);
	}
	fsync(dirfd(folder));
	/* What is listed may be where a file system is mounted: then it is empty, and stays. */
	if (unlinkat(parent, name, AT_REMOVEDIR) && !walk->kept && (depth || errno != EBUSY))
		keep(walk, name, strerror(errno));
}

static void destroy_entry(struct walk *walk, int folder, const char *name, unsigned int depth)
{
	struct stat status;

	if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW)) {
		if (errno != ENOENT)
			keep(walk, name, strerror(errno));
		return;
	}
	if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode))
		make_mutable(folder, name);
	if (status.st_dev != walk->device)
		keep(walk, name, "another file system is mounted there");
	else if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX)
		destroy_folder(walk, folder, name, depth);
	else if (S_ISREG(status.st_mode))
		destroy_regular(walk, folder, name);
	else if (unlinkat(folder, name, 0))
		keep(walk, name, strerror(errno));
	else
		walk->others++;
}

static void say(struct cordon_destroyed *thing, const struct walk *walk)
{
	char late[64] = "", named[64] = "", others[48] = "", kept[224] = "";

	if (walk->late)
		snprintf(late, sizeof(late), ", %u only unlinked: time was up", walk->late);
	if (walk->others)
		snprintf(others, sizeof(others), ", %u without content", walk->others);
	if (walk->named)
		snprintf(named, sizeof(named), "; %u of them had other names, which stay",
			 walk->named);
	if (walk->kept)
		snprintf(kept, sizeof(kept), "; %u still there, the first %s", walk->kept,
			 walk->why);
	cordon_destroyed_say(thing,
			     walk->kept || walk->late ? CORDON_NOT_DESTROYED : CORDON_DESTROYED,
			     "%u file%s overwritten and unlinked%s%s%s%s%s", walk->files,
			     walk->files == 1 ? "" : "s", others, late, kept, named, walk->lack);
}

/* A folder that is only there to be passed through is not synchronised by its own descriptor. */
static void sync_folder(struct cordon_path path, const char *name)
{
	path.text[strlen(path.text) - strlen(name)] = '\0';
	cordon_folder_sync(path.text);
}

void cordon_destroy_file(const struct cordon_destroyer *destroyer, struct cordon_destroyed *thing)
{
	const struct cordon_path path = cordon_path_root(destroyer->context, thing->name);
	struct walk walk = { .until = destroyer->until, .lack = "" };
	int folder CLEANUP(close) = -1;
	const char *name = NULL;
	struct stat status;
	int error = cordon_destroy_open(path.text, &folder, &name);

	if (!error && fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW))
		error = -errno;
	if (error == -ENOENT) {
		cordon_destroyed_say(thing, CORDON_DESTROYED_BEFORE, "there is none");
		return;
	}
	if (error) {
		cordon_destroyed_say(thing, CORDON_NOT_DESTROYED, "%s",
				     error == -ELOOP ? "a symbolic link is on the way to it" :
						       strerror(-error));
		return;
	}
	walk.device = status.st_dev;
	destroy_entry(&walk, folder, name, 0);
	sync_folder(path, name);
	if (S_ISLNK(status.st_mode))
		cordon_destroyed_say(
			thing, CORDON_NOT_DESTROYED,
			"it was a symbolic link, and is unlinked; what it led to was not "
			"touched");
	else
		say(thing, &walk);
}
