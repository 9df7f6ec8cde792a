// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Overwriting, and what it does not reach: file systems that write elsewhere
 * than over the old, and media that do.  What is said is what is known of the
 * kind; no medium is asked to erase itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "destroy.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define CHUNK (256U << 10)

int cordon_destroy_open(const char *path, int *ret_folder, const char **ret_name)
{
	const struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
				      .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	long fd;

	if (!slash || (size_t)(slash - path) >= sizeof(folder) - 1)
		return -ENAMETOOLONG;
	memcpy(folder, path, (size_t)(slash - path));
	folder[slash - path] = '\0';
	fd = syscall(SYS_openat2, AT_FDCWD, slash > path ? folder : "/", &how, sizeof(how));
	if (fd < 0)
		return -errno;
	*ret_folder = (int)fd;
	*ret_name = slash + 1;
	return 0;
}

static int write_at(int fd, const char *bytes, size_t size, uint64_t at)
{
	while (size) {
		const ssize_t written = pwrite(fd, bytes, size, (off_t)at);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? -errno : -EIO;
		bytes += written;
		at += (uint64_t)written;
		size -= (size_t)written;
	}
	return 0;
}

int cordon_destroy_overwrite(int fd, uint64_t from, uint64_t size, uint64_t until)
{
	char *bytes CLEANUP(free) = malloc(CHUNK);
	int error = bytes ? 0 : -ENOMEM;

	/* 256 bytes at a time are given whole. */
	for (size_t i = 0; i < CHUNK && !error; i += 256) {
		if (getrandom(bytes + i, 256, 0) != 256)
			error = -EIO;
	}
	while (size && !error) {
		const size_t part = size < CHUNK ? (size_t)size : CHUNK;

		if (cordon_clock_ns() > until)
			return -ETIMEDOUT;
		error = write_at(fd, bytes, part, from);
		from += part;
		size -= part;
	}
	if (!error && fsync(fd))
		error = -errno;
	return error;
}

/* Numbers as in <linux/magic.h>, which lacks half of them. */
static const struct {
	long type;
	const char *lack;
} systems[] = {
	{ 0xef53, "" },	    /* ext2, 3, 4 */
	{ 0x01021994, "" }, /* tmpfs */
	{ 0x4d44, "" },	    /* FAT */
	{ 0x2011bab0, "" }, /* exFAT */
	{ 0x62646576, "" }, /* a device, by the kernel's own folder of them */
	{ 0x58465342, "; on XFS copies by reflink may share the old" },
	{ 0x9123683e, "; btrfs wrote elsewhere: the old may still be on the disk" },
	{ 0x794c7630, "; overlayfs wrote elsewhere: a lower layer still has the old" },
	{ 0xf2f52010, "; F2FS wrote elsewhere: the old may still be on the disk" },
	{ 0xca451a4e, "; bcachefs wrote elsewhere: the old may still be on the disk" },
	{ 0x2fc12fc1, "; ZFS wrote elsewhere: the old may still be on the disk" },
	{ 0x3434, "; NILFS wrote elsewhere: the old may still be on the disk" },
	{ 0x24051905, "; UBIFS wrote elsewhere: the old may still be in the flash" },
	{ 0x72b6, "; JFFS2 wrote elsewhere: the old may still be in the flash" },
	{ 0x6969, "; NFS: what the server did with the old is not known" },
};

static const char *lack_of_system(int fd)
{
	struct statfs status;

	if (fstatfs(fd, &status))
		return "; what the file system did with the old is not known";
	for (size_t i = 0; i < ARRAY_SIZE(systems); i++) {
		if ((unsigned long)systems[i].type == (unsigned long)status.f_type)
			return systems[i].lack;
	}
	return "; what this file system did with the old is not known";
}

static bool reads_zero(const char *path)
{
	const int fd CLEANUP(close) = open(path, O_RDONLY | O_CLOEXEC);
	char digit = '?';

	return fd >= 0 && read(fd, &digit, 1) == 1 && digit == '0';
}

/* A partition's queue is its disk's. */
static bool is_flash(int fd)
{
	struct stat status;
	char path[96];
	dev_t device;

	if (fstat(fd, &status))
		return false;
	device = S_ISBLK(status.st_mode) ? status.st_rdev : status.st_dev;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/queue/rotational", major(device),
		 minor(device));
	if (reads_zero(path))
		return true;
	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/../queue/rotational", major(device),
		 minor(device));
	return reads_zero(path);
}

const char *cordon_destroy_medium(int fd)
{
	struct stat status;
	const char *lack = "";

	if (!fstat(fd, &status) && !S_ISBLK(status.st_mode))
		lack = lack_of_system(fd);
	if (lack[0])
		return lack;
	return is_flash(fd) ? "; flash may keep the old until it erases it" : "";
}
