/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are watched themselves, beside the folders that they are in: by
 * another name, in a folder that nobody watches, the same file can be written
 * (link(2)).  For watch_files.c.
 */
#ifndef CORDON_FILE_MARKS_H
#define CORDON_FILE_MARKS_H

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* As many as there are, with room to spare: a mark keeps an inode in memory. */
#define CORDON_FILE_MARKS_MAX 1024

/** union cordon_file_handle - by which the kernel names a file or folder */
union cordon_file_handle {
	struct file_handle head;
	uint8_t room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
};

/** cordon_file_handle_is() - the same file? @other: in the kernel's own words, as long as it says */
bool cordon_file_handle_is(const union cordon_file_handle *handle, const struct file_handle *other);

/** cordon_file_handle_read() - of a path, no link followed. Return: 0 or -errno */
int cordon_file_handle_read(const char *path, union cordon_file_handle *ret_handle);

/** struct cordon_file_mark - @path: owned */
struct cordon_file_mark {
	char *path;
	dev_t device;
	ino_t inode;
	union cordon_file_handle handle;
};

/** struct cordon_file_marks - @fd: of fanotify(7), the caller's; clear with
 * cordon_file_marks_clear() */
struct cordon_file_marks {
	int fd;
	struct cordon_file_mark *mark;
	size_t nr;
};

/** cordon_file_marks_note() - whatever regular file is at a path now is watched, and no other one */
void cordon_file_marks_note(struct cordon_file_marks *marks, const char *path);

/**
 * cordon_file_marks_next() - the paths at which a file is, still
 * @from: the one before, NULL at first
 * Return: NULL: there is none any more.
 */
const struct cordon_file_mark *cordon_file_marks_next(const struct cordon_file_marks *marks,
						      const struct file_handle *handle,
						      const struct cordon_file_mark *from);

void cordon_file_marks_clear(struct cordon_file_marks *marks);

#endif
