/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A regular file as one piece of memory.  Read, not mapped: a file that is cut
 * short meanwhile must not kill the reader, and what is hashed must be what is
 * parsed.
 */
#ifndef CORDON_UTIL_FILE_H
#define CORDON_UTIL_FILE_H

#include <stddef.h>
#include <sys/types.h>

/** struct cordon_file - a file's bytes, with a NUL behind the last */
struct cordon_file {
	char *text; /* owned */
	size_t size;
	dev_t device;
	ino_t inode;
};

/**
 * cordon_file_read() - the whole of a regular file; never waits for a writer
 * @limit: bytes that it may have
 * Return: 0; -EISDIR; -ENOTSUP: a device, socket or FIFO; -EFBIG: over @limit;
 *	-ENOMEM; -errno of open, stat or read.
 */
int cordon_file_read(const char *path, size_t limit, struct cordon_file *ret_file);

/** cordon_file_read_fd() - the same of a file that is open, from its start on */
int cordon_file_read_fd(int fd, size_t limit, struct cordon_file *ret_file);

/** cordon_file_write() - all of it, however many calls it takes. Return: 0 or -errno */
int cordon_file_write(int fd, const void *data, size_t size);

/** cordon_folder_sync() - the names in a folder are on stable storage. Return: 0 or -errno */
int cordon_folder_sync(const char *path);

/** cordon_file_problem() - what an error of cordon_file_read() means to a person */
const char *cordon_file_problem(int error);

#endif
