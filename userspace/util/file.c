// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads and writes files.  A reader must not wait: a FIFO without a writer, a terminal or a
 * device in a file's place is refused at once.
 */
#include "util/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"

/* Most bytes that one call of write() is given. */
#define CHUNK (1U << 30)

static int check_kind(const struct stat *status)
{
	if (S_ISDIR(status->st_mode))
		return -EISDIR;
	return S_ISREG(status->st_mode) ? 0 : -ENOTSUP;
}

/* The size that stat tells is a guess: /proc tells 0, and a file may grow. */
static int read_all(int fd, size_t guess, size_t limit, struct cordon_file *file)
{
	char *text CLEANUP(free) = NULL;
	size_t room = guess + 2;
	size_t size = 0;

	text = malloc(room);
	while (text) {
		ssize_t got = read(fd, text + size, room - size - 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		size += (size_t)got;
		if (size > limit)
			return -EFBIG;
		if (!got)
			break;
		if (size + 1 == room) {
			char *larger = realloc(text, room = 2 * room + 4096);

			if (!larger)
				return -ENOMEM;
			text = larger;
		}
	}
	if (!text)
		return -ENOMEM;
	text[size] = '\0';
	file->text = TAKE(text);
	file->size = size;
	return 0;
}

int cordon_file_read_fd(int fd, size_t limit, struct cordon_file *ret_file)
{
	struct cordon_file file = { 0 };
	struct stat status;
	int error;

	if (fstat(fd, &status))
		return -errno;
	error = check_kind(&status);
	if (error)
		return error;
	if (status.st_size > 0 && (size_t)status.st_size > limit)
		return -EFBIG;
	file.device = status.st_dev;
	file.inode = status.st_ino;
	error = read_all(fd, (size_t)status.st_size, limit, &file);
	if (error)
		return error;
	*ret_file = file;
	return 0;
}

int cordon_file_read(const char *path, size_t limit, struct cordon_file *ret_file)
{
	const int fd CLEANUP(close) = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : cordon_file_read_fd(fd, limit, ret_file);
}

int cordon_file_write(int fd, const void *data, size_t size)
{
	const char *byte = data;

	while (size) {
		const ssize_t written = write(fd, byte, size < CHUNK ? size : CHUNK);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		byte += written;
		size -= (size_t)written;
	}
	return 0;
}

int cordon_folder_sync(const char *path)
{
	const int fd CLEANUP(close) = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) ? -errno : 0;
}

const char *cordon_file_problem(int error)
{
	switch (error) {
	case -EISDIR:
		return "it is a directory";
	case -ENOTSUP:
		return "it is not a regular file";
	case -EFBIG:
		return "it is too large";
	default:
		return strerror(-error);
	}
}
