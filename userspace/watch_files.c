// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that matter, by fanotify(7): it alone says who did it.  A folder is
 * watched, and what happens in it is compared with the list, so that a file that
 * is replaced by another of its name (as editors and useradd do) stays watched.
 * It decides nothing, and reads no more of a file than its digest.
 */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "sign.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/file.h"

/* Of larger files only that they were changed is told. */
#define BYTES_MAX (1UL << 20)

#define MASK                                                                                       \
	(FAN_CREATE | FAN_DELETE | FAN_CLOSE_WRITE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ATTRIB |  \
	 FAN_EVENT_ON_CHILD | FAN_ONDIR)

/* A folder, and the names in it that matter; NULL: all do. */
static const struct {
	const char *folder;
	const char *names;
} watched[] = {
	{ "/etc", " passwd shadow group gshadow subuid subgid sudoers sudo.conf crontab anacrontab "
		  "ld.so.preload ld.so.conf hosts resolv.conf nsswitch.conf profile environment "
		  "rc.local machine-id localtime " },
	{ "/etc/sudoers.d", NULL },
	{ "/etc/ssh", NULL },
	{ "/etc/ssh/sshd_config.d", NULL },
	{ "/etc/pam.d", NULL },
	{ "/etc/security", NULL },
	{ "/etc/ld.so.conf.d", NULL },
	{ "/etc/profile.d", NULL },
	{ "/etc/systemd/system", NULL },
	{ "/etc/systemd/system/multi-user.target.wants", NULL },
	{ "/etc/udev/rules.d", NULL },
	{ "/etc/modules-load.d", NULL },
	{ "/etc/modprobe.d", NULL },
	{ "/etc/sysctl.d", NULL },
	{ "/etc/cron.d", NULL },
	{ "/etc/cron.hourly", NULL },
	{ "/etc/cron.daily", NULL },
	{ "/etc/cron.weekly", NULL },
	{ "/etc/cron.monthly", NULL },
	{ "/var/spool/cron/crontabs", NULL },
	{ "/root", " .bashrc .bash_profile .profile " },
	{ "/root/.ssh", NULL },
	{ "/etc/cordon", NULL },
	{ "/etc/cordon/trust", NULL },
	{ "/var/lib/cordon", " latch latch.copy " },
	{ "/var/lib/cordon/policy", NULL },
};

/** struct watched_folder - one of the list
 * @marked: it is there, and watched
 * @handle: by which the kernel names it
 */
struct watched_folder {
	bool marked;
	union {
		struct file_handle head;
		uint8_t room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} handle;
};

struct files {
	const struct cordon_watch *watch;
	int fd;
	struct watched_folder folder[ARRAY_SIZE(watched)];
};

/* ---- which ------------------------------------------------------------------------------- */

static bool is_named(const char *names, const char *name)
{
	const size_t length = strlen(name);

	for (const char *at = names; (at = strstr(at, name)); at++) {
		if (at > names && at[-1] == ' ' && at[length] == ' ')
			return true;
	}
	return false;
}

/* A folder may go and come again: the same mark twice is one. */
static int mark(struct files *files, size_t index)
{
	const struct cordon_path path =
		cordon_path_root(files->watch->context, watched[index].folder);
	struct watched_folder *folder = &files->folder[index];
	int mount;

	folder->marked = false;
	folder->handle.head.handle_bytes = MAX_HANDLE_SZ;
	if (fanotify_mark(files->fd, FAN_MARK_ADD | FAN_MARK_ONLYDIR, MASK, AT_FDCWD, path.text) ||
	    name_to_handle_at(AT_FDCWD, path.text, &folder->handle.head, &mount, 0))
		return -errno;
	folder->marked = true;
	return 0;
}

/* Return: the first reason why a folder that is there cannot be watched */
static int mark_all(struct files *files)
{
	int first = 0;

	for (size_t i = 0; i < ARRAY_SIZE(watched); i++) {
		const int error = mark(files, i);

		if (error && error != -ENOENT && error != -ENOTDIR && !first)
			first = error;
	}
	return first;
}

/* Folders that have come are watched, too. */
static void look(void *source)
{
	mark_all(source);
}

/* ---- what -------------------------------------------------------------------------------- */

static uint32_t change_of(uint64_t mask)
{
	static const struct {
		uint64_t mask;
		uint32_t change;
	} changes[] = {
		{ FAN_CREATE, CORDON_FILE_CREATED },
		{ FAN_CLOSE_WRITE, CORDON_FILE_WRITTEN },
		{ FAN_DELETE, CORDON_FILE_DELETED },
		{ FAN_MOVED_TO, CORDON_FILE_MOVED_HERE },
		{ FAN_MOVED_FROM, CORDON_FILE_MOVED_AWAY },
		{ FAN_ATTRIB, CORDON_FILE_ATTRIBUTES },
	};
	uint32_t change = 0;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		change |= mask & changes[i].mask ? changes[i].change : 0;
	return change;
}

/* As it is now: it may have been changed again since, which is told then. */
static void describe(const char *path, struct cordon_event_file *record)
{
	const int fd CLEANUP(close) =
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct cordon_file content = { .text = NULL };
	struct stat status;

	if (lstat(path, &status))
		return;
	record->size = (uint64_t)status.st_size;
	record->mode = status.st_mode;
	record->owner = status.st_uid;
	record->group = status.st_gid;
	if (fd >= 0 && S_ISREG(status.st_mode) && !cordon_file_read_fd(fd, BYTES_MAX, &content))
		cordon_sign_digest(content.text, content.size, &record->digest);
	free(content.text);
}

static void read_name(uint32_t pid, char (*ret_name)[32])
{
	char path[32];
	FILE *file CLEANUP(fclose) = NULL;

	(*ret_name)[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	file = pid ? fopen(path, "re") : NULL;
	if (file && fgets(*ret_name, sizeof(*ret_name), file))
		(*ret_name)[strcspn(*ret_name, "\n")] = '\0';
}

static void tell(struct files *files, const char *path, uint32_t change, uint32_t pid)
{
	union cordon_event_room room;
	struct cordon_event_file *record =
		cordon_event_begin(&room, CORDON_EVENT_FILE, sizeof(*record));
	char name[32];

	record->event.pid = pid;
	record->change = change;
	describe(path, record);
	read_name(pid, &name);
	cordon_event_add(&room, path);
	cordon_event_add(&room, name);
	files->watch->tell(files->watch->state, cordon_event_end(&room));
}

/* ---- events ------------------------------------------------------------------------------ */

static bool is_folder(const struct watched_folder *folder, const struct file_handle *handle)
{
	return folder->marked && folder->handle.head.handle_type == handle->handle_type &&
	       folder->handle.head.handle_bytes == handle->handle_bytes &&
	       !memcmp(folder->handle.head.f_handle, handle->f_handle, handle->handle_bytes);
}

static void take_change(struct files *files, const struct fanotify_event_metadata *event,
			const struct file_handle *handle)
{
	const char *name = (const char *)handle->f_handle + handle->handle_bytes;

	for (size_t i = 0; i < ARRAY_SIZE(watched); i++) {
		const struct cordon_path folder =
			cordon_path_root(files->watch->context, watched[i].folder);
		char path[PATH_MAX];

		if (!is_folder(&files->folder[i], handle) ||
		    (watched[i].names && !is_named(watched[i].names, name)) ||
		    snprintf(path, sizeof(path), "%s/%s", folder.text, name) >= (int)sizeof(path))
			continue;
		tell(files, path, change_of(event->mask), (uint32_t)event->pid);
	}
}

/* What we do ourselves is told where it is done. */
static void take_event(struct files *files, const struct fanotify_event_metadata *event)
{
	const struct fanotify_event_info_fid *info = (const void *)(event + 1);

	if (event->mask & FAN_Q_OVERFLOW)
		files->watch->lost(files->watch->state, 1);
	if (event->event_len < sizeof(*event) + sizeof(*info) + sizeof(struct file_handle) ||
	    info->hdr.info_type != FAN_EVENT_INFO_TYPE_DFID_NAME || event->pid == getpid())
		return;
	take_change(files, event, (const struct file_handle *)info->handle);
	if (event->mask & FAN_ONDIR)
		mark_all(files);
}

static void read_all(void *source)
{
	char room[8192] __attribute__((aligned(__alignof__(struct fanotify_event_metadata))));
	struct files *files = source;
	ssize_t size;

	while ((size = read(files->fd, room, sizeof(room))) > 0) {
		const struct fanotify_event_metadata *event = (const void *)room;

		for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size))
			take_event(files, event);
	}
}

static int get_fd(const void *source)
{
	return ((const struct files *)source)->fd;
}

static void close_files(void *source)
{
	struct files *files = source;

	cleanup_close(&files->fd);
	free(files);
}

static int open_files(const struct cordon_watch *watch, struct cordon_failure *failure,
		      void **ret_source)
{
	struct files *files = calloc(1, sizeof(*files));
	int error;

	if (!files)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	files->watch = watch;
	files->fd =
		fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK,
			      O_RDONLY | O_CLOEXEC);
	error = files->fd < 0 ? -errno : mark_all(files);
	if (error) {
		close_files(files);
		return cordon_fail(failure, error, "changes of files are not told: %s",
				   strerror(-error));
	}
	*ret_source = files;
	return 0;
}

const struct cordon_watch_kind cordon_watch_files = {
	.open = open_files,
	.close = close_files,
	.fd = get_fd,
	.read = read_all,
	.look = look,
};
