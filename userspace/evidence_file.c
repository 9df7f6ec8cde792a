// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A file that has its name once it is whole; see evidence_file.h.
 */
#include "evidence_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

#define OTHERS_MAX 100

struct cordon_new_file cordon_new_file_none(void)
{
	return (struct cordon_new_file){ .folder = -1, .fd = -1 };
}

/* "a/b.tar" is b.tar in a, "b.tar" in the working folder, "/b.tar" in the root. */
static int open_folder(const char *path)
{
	struct cordon_path folder;
	char *slash;

	if (snprintf(folder.text, sizeof(folder.text), "%s", path) >= (int)sizeof(folder.text)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	slash = strrchr(folder.text, '/');
	if (!slash)
		return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	slash[slash == folder.text] = '\0';
	return open(folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* FAT and some network file systems know no files without a name. */
static int open_aside(struct cordon_new_file *file)
{
	file->fd = openat(file->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (file->fd >= 0)
		return 0;
	snprintf(file->aside, sizeof(file->aside), ".evidence.%d.new", getpid());
	file->fd = openat(file->folder, file->aside,
			  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (file->fd >= 0)
		return 0;
	file->aside[0] = '\0';
	return -errno;
}

int cordon_new_file_begin(const char *path, bool other, struct cordon_new_file *ret_file)
{
	struct cordon_new_file file = cordon_new_file_none();
	int error;

	file.other = other;
	file.folder = open_folder(path);
	if (file.folder < 0)
		return -errno;
	snprintf(file.path.text, sizeof(file.path.text), "%s", path);
	if (!other && !faccessat(file.folder, base_of(path), F_OK, AT_SYMLINK_NOFOLLOW))
		error = -EEXIST;
	else
		error = open_aside(&file);
	if (error)
		cordon_new_file_abandon(&file);
	else
		*ret_file = file;
	return error;
}

static int give_name(const struct cordon_new_file *file, const char *name)
{
	char self[32];

	if (file->aside[0])
		return renameat2(file->folder, file->aside, file->folder, name, RENAME_NOREPLACE);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
	return linkat(AT_FDCWD, self, file->folder, name, AT_SYMLINK_FOLLOW);
}

/* "store-2.tar" for "store.tar"; the folder is the same. */
static void choose_other(const char *path, unsigned int number, struct cordon_path *ret_path)
{
	const size_t length = strlen(path) - strlen(".tar");

	snprintf(ret_path->text, sizeof(ret_path->text), "%.*s-%u.tar", (int)length, path, number);
}

int cordon_new_file_finish(struct cordon_new_file *file)
{
	struct cordon_path path = file->path;

	if (fsync(file->fd))
		return -errno;
	for (unsigned int i = 2; give_name(file, base_of(path.text)); i++) {
		if (errno != EEXIST || !file->other || i > OTHERS_MAX)
			return -errno;
		choose_other(file->path.text, i, &path);
	}
	file->path = path;
	file->aside[0] = '\0';
	return fsync(file->folder) ? -errno : 0;
}

void cordon_new_file_abandon(struct cordon_new_file *file)
{
	if (file->aside[0])
		unlinkat(file->folder, file->aside, 0);
	cleanup_close(&file->fd);
	cleanup_close(&file->folder);
	*file = cordon_new_file_none();
}
