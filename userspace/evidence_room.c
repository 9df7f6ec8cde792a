// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The room that evidence may take; see evidence_room.h.
 */
#include "evidence_room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evidence.h"
#include "tell.h"
#include "util/array.h"
#include "util/cleanup.h"

struct archive {
	char name[256];
	struct timespec written;
	uint64_t size;
};

/* struct shelf - the archives, the oldest first; @used: bytes of all */
struct shelf {
	struct archive *archive; /* owned */
	size_t nr;
	uint64_t used;
};

static bool is_archive(const char *name)
{
	const size_t length = strlen(name);

	return name[0] != '.' && length > 4 && !strcmp(name + length - 4, ".tar");
}

static int add_archive(struct shelf *shelf, int folder, const char *name)
{
	struct archive *archive;
	struct stat status;

	if (!is_archive(name) || fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(status.st_mode))
		return 0;
	archive = array_push(shelf->archive, shelf->nr);
	if (!archive)
		return -ENOMEM;
	snprintf(archive->name, sizeof(archive->name), "%s", name);
	archive->written = status.st_mtim;
	archive->size = (uint64_t)status.st_size;
	shelf->used += archive->size;
	return 0;
}

static int by_age(const void *a, const void *b)
{
	const struct archive *x = a, *y = b;

	if (x->written.tv_sec != y->written.tv_sec)
		return x->written.tv_sec < y->written.tv_sec ? -1 : 1;
	if (x->written.tv_nsec != y->written.tv_nsec)
		return x->written.tv_nsec < y->written.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int read_shelf(DIR *folder, struct shelf *shelf)
{
	const struct dirent *entry;
	int error = 0;

	while (!error && (entry = readdir(folder)))
		error = add_archive(shelf, dirfd(folder), entry->d_name);
	if (shelf->nr)
		qsort(shelf->archive, shelf->nr, sizeof(*shelf->archive), by_age);
	return error;
}

static int give_up(const struct cordon_context *context, int folder, const struct archive *archive,
		   const char *reason)
{
	const struct cordon_event_evidence told = { .size = archive->size };
	char path[sizeof(CORDON_EVIDENCE_FOLDER) + sizeof(archive->name) + 1];

	snprintf(path, sizeof(path), "%s/%s", CORDON_EVIDENCE_FOLDER, archive->name);
	if (cordon_tell_evidence(context, &told, path, "", reason))
		return -EDQUOT;
	return unlinkat(folder, archive->name, 0) && errno != ENOENT ? -errno : 0;
}

/* The new one is there already, and may be the oldest by a clock that was set back. */
static int give_up_oldest(const struct cordon_context *context, int folder, struct shelf *shelf,
			  const char *kept)
{
	char reason[320];
	int error = 0;

	snprintf(reason, sizeof(reason), "room for %s", kept);
	for (size_t i = 0; i < shelf->nr && shelf->used > CORDON_EVIDENCE_ROOM && !error; i++) {
		if (!strcmp(shelf->archive[i].name, kept))
			continue;
		error = give_up(context, folder, &shelf->archive[i], reason);
		shelf->used -= error ? 0 : shelf->archive[i].size;
	}
	return error;
}

static int check_size(const struct shelf *shelf, const char *kept, struct cordon_failure *failure)
{
	for (size_t i = 0; i < shelf->nr; i++) {
		if (!strcmp(shelf->archive[i].name, kept) &&
		    shelf->archive[i].size > CORDON_EVIDENCE_ROOM)
			return cordon_fail(failure, -EFBIG,
					   "it has %llu bytes, and all evidence together may have "
					   "%llu: name another place for it",
					   (unsigned long long)shelf->archive[i].size,
					   CORDON_EVIDENCE_ROOM);
	}
	return 0;
}

int cordon_evidence_make_room(const struct cordon_context *context, const char *path,
			      struct cordon_failure *failure)
{
	const struct cordon_path where = cordon_path_root(context, CORDON_EVIDENCE_FOLDER);
	DIR *folder CLEANUP(folder) = opendir(where.text);
	const char *kept = strrchr(path, '/') + 1;
	struct shelf shelf = { .nr = 0 };
	int error;

	if (!folder)
		return cordon_fail(failure, -errno, "%s", strerror(errno));
	error = read_shelf(folder, &shelf);
	if (error)
		cordon_fail(failure, error, "%s", strerror(-error));
	else
		error = check_size(&shelf, kept, failure);
	if (!error) {
		error = give_up_oldest(context, dirfd(folder), &shelf, kept);
		if (error == -EDQUOT)
			cordon_fail(failure, error,
				    "evidence has all its %llu bytes, and with no log to tell it "
				    "to none is deleted: take some away, or name another place",
				    CORDON_EVIDENCE_ROOM);
		else if (error)
			cordon_fail(failure, error, "cannot delete older evidence: %s",
				    strerror(-error));
	}
	free(shelf.archive);
	return error;
}
