// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * /proc, process by process; see evidence_walk.h.
 */
#include "evidence_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/cleanup.h"

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
