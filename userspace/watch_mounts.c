// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mounts of the daemon's mount namespace: when the kernel says that its table
 * changed, it is read and compared with what it was.  One that came and went
 * between two looks is not told.
 */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "mounts.h"
#include "util/cleanup.h"

/* A few thousand mounts. */
#define TABLE_MAX (1U << 20)
#define PIECE 16384U

struct mounts {
	const struct cordon_watch *watch;
	int fd;
	struct cordon_mounts now;
};

/* The kernel does not know how long it is before it has been read. */
static int read_table(int fd, struct cordon_mounts *ret_mounts)
{
	char *text CLEANUP(free) = NULL;
	size_t size = 0;
	ssize_t got;

	if (lseek(fd, 0, SEEK_SET))
		return -errno;
	do {
		char *larger = realloc(text, size + PIECE + 1);

		if (!larger)
			return -ENOMEM;
		text = larger;
		got = read(fd, text + size, PIECE);
		size += got > 0 ? (size_t)got : 0;
	} while (got > 0 && size < TABLE_MAX);
	if (got)
		return got < 0 ? -errno : -EFBIG;
	text[size] = '\0';
	return cordon_mounts_read(TAKE(text), ret_mounts);
}

static void tell(void *state, const struct cordon_mount *mount, enum cordon_mount_change change)
{
	const struct cordon_watch *watch = state;
	union cordon_event_room room;
	struct cordon_event_mount *record =
		cordon_event_begin(&room, CORDON_EVENT_MOUNT, sizeof(*record));

	record->change = change;
	cordon_event_add(&room, mount->point);
	cordon_event_add(&room, mount->source);
	cordon_event_add(&room, mount->type);
	cordon_event_add(&room, mount->options);
	cordon_event_add(&room, mount->super);
	cordon_event_add(&room, mount->device);
	cordon_event_add(&room, mount->root);
	watch->tell(watch->state, cordon_event_end(&room));
}

static void read_change(void *source)
{
	struct mounts *mounts = source;
	struct cordon_mounts now;

	if (read_table(mounts->fd, &now)) {
		mounts->watch->lost(mounts->watch->state, 1);
		return;
	}
	cordon_mounts_compare(&mounts->now, &now, tell, (void *)mounts->watch);
	cordon_mounts_clear(&mounts->now);
	mounts->now = now;
}

static int get_fd(const void *source)
{
	return ((const struct mounts *)source)->fd;
}

static void close_mounts(void *source)
{
	struct mounts *mounts = source;

	cleanup_close(&mounts->fd);
	cordon_mounts_clear(&mounts->now);
	free(mounts);
}

static int open_mounts(const struct cordon_watch *watch, struct cordon_failure *failure,
		       void **ret_source)
{
	struct mounts *mounts = calloc(1, sizeof(*mounts));
	int error;

	if (!mounts)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	mounts->watch = watch;
	mounts->fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	error = mounts->fd < 0 ? -errno : read_table(mounts->fd, &mounts->now);
	if (error) {
		close_mounts(mounts);
		return cordon_fail(failure, error, "mounts are not told: %s", strerror(-error));
	}
	*ret_source = mounts;
	return 0;
}

const struct cordon_watch_kind cordon_watch_mounts = {
	.open = open_mounts,
	.close = close_mounts,
	.fd = get_fd,
	.only_news = true,
	.read = read_change,
};
