// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that are watched themselves; see file_marks.h.
 */
#include "file_marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>

#include "util/array.h"

#define MASK (FAN_CLOSE_WRITE | FAN_ATTRIB)

bool cordon_file_handle_is(const union cordon_file_handle *handle, const struct file_handle *other)
{
	return handle->head.handle_type == other->handle_type &&
	       handle->head.handle_bytes == other->handle_bytes &&
	       !memcmp(handle->head.f_handle, other->f_handle, other->handle_bytes);
}

int cordon_file_handle_read(const char *path, union cordon_file_handle *ret_handle)
{
	int mount;

	ret_handle->head.handle_bytes = MAX_HANDLE_SZ;
	return name_to_handle_at(AT_FDCWD, path, &ret_handle->head, &mount, 0) ? -errno : 0;
}

static struct cordon_file_mark *find(const struct cordon_file_marks *marks, const char *path)
{
	for (size_t i = 0; i < marks->nr; i++) {
		if (!strcmp(marks->mark[i].path, path))
			return &marks->mark[i];
	}
	return NULL;
}

static void forget(struct cordon_file_marks *marks, struct cordon_file_mark *mark)
{
	if (!mark)
		return;
	free(mark->path);
	*mark = marks->mark[--marks->nr];
}

static struct cordon_file_mark *add(struct cordon_file_marks *marks, const char *path)
{
	struct cordon_file_mark *mark;
	char *copy;

	if (marks->nr == CORDON_FILE_MARKS_MAX)
		return NULL;
	copy = strdup(path);
	mark = copy ? array_push(marks->mark, marks->nr) : NULL;
	if (mark)
		mark->path = copy;
	else
		free(copy);
	return mark;
}

/* The kernel lets go of a file that was here before when its last name is gone. */
void cordon_file_marks_note(struct cordon_file_marks *marks, const char *path)
{
	const unsigned int how = FAN_MARK_ADD | FAN_MARK_DONT_FOLLOW;
	struct cordon_file_mark *mark = find(marks, path);
	union cordon_file_handle handle;
	struct stat status;

	if (lstat(path, &status) || !S_ISREG(status.st_mode) ||
	    fanotify_mark(marks->fd, how, MASK, AT_FDCWD, path) ||
	    cordon_file_handle_read(path, &handle)) {
		forget(marks, mark);
		return;
	}
	mark = mark ? mark : add(marks, path);
	if (!mark)
		return;
	mark->device = status.st_dev;
	mark->inode = status.st_ino;
	mark->handle = handle;
}

static bool is_still_there(const struct cordon_file_mark *mark)
{
	struct stat status;

	return !lstat(mark->path, &status) && status.st_dev == mark->device &&
	       status.st_ino == mark->inode;
}

const struct cordon_file_mark *cordon_file_marks_next(const struct cordon_file_marks *marks,
						      const struct file_handle *handle,
						      const struct cordon_file_mark *from)
{
	const struct cordon_file_mark *mark = from ? from + 1 : marks->mark;

	for (; mark < marks->mark + marks->nr; mark++) {
		if (cordon_file_handle_is(&mark->handle, handle) && is_still_there(mark))
			return mark;
	}
	return NULL;
}

void cordon_file_marks_clear(struct cordon_file_marks *marks)
{
	for (size_t i = 0; i < marks->nr; i++)
		free(marks->mark[i].path);
	free(marks->mark);
	marks->mark = NULL;
	marks->nr = 0;
}
