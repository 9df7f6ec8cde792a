// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Files that matter, by fanotify(7): it alone says who did it.  A folder is
 * watched, and what happens in it is compared with the list, so that a file that
 * is replaced by another of its name (as editors and useradd do) stays watched;
 * and so are the files themselves, whatever other name one is written by.
 * It decides nothing, and reads no more of a file than its digest.
 */
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "file_marks.h"
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
 * @error: why it is not watched, 0: it is
 * @told: that it is not
 * @handle: by which the kernel names it
 */
struct watched_folder {
	int error;
	bool told;
	union cordon_file_handle handle;
};

struct files {
	const struct cordon_watch *watch;
	struct cordon_file_marks marks;
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

static bool is_listed(size_t index, const char *name)
{
	return name[0] && (!watched[index].names || is_named(watched[index].names, name));
}

static struct cordon_path path_of(const struct files *files, size_t index)
{
	return cordon_path_root(files->watch->context, watched[index].folder);
}

static void note_files(struct files *files, size_t index)
{
	const struct cordon_path folder = path_of(files, index);
	DIR *entries = opendir(folder.text);
	const struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		char path[PATH_MAX];

		if (entry->d_type != DT_DIR && is_listed(index, entry->d_name) &&
		    snprintf(path, sizeof(path), "%s/%s", folder.text, entry->d_name) <
			    (int)sizeof(path))
			cordon_file_marks_note(&files->marks, path);
	}
	if (entries)
		closedir(entries);
}

/* Return: 0; -ENOENT: it is not there; why it cannot be watched. */
static int mark_folder(const struct files *files, const char *path,
		       union cordon_file_handle *ret_handle)
{
	const unsigned int how = FAN_MARK_ADD | FAN_MARK_ONLYDIR;

	if (!fanotify_mark(files->marks.fd, how, MASK, AT_FDCWD, path))
		return cordon_file_handle_read(path, ret_handle);
	return errno == ENOTDIR ? -ENOENT : -errno;
}

static void tell_unwatched(const struct files *files, const char *path, int error)
{
	union cordon_event_room room;

	cordon_event_begin(&room, CORDON_EVENT_UNWATCHED, sizeof(struct cordon_event_unwatched));
	cordon_event_add(&room, path);
	cordon_event_add(&room, strerror(-error));
	files->watch->tell(files->watch->state, cordon_event_end(&room));
}

/* A folder may go and come again: the same mark twice is one. */
static void mark(struct files *files, size_t index)
{
	const struct cordon_path path = path_of(files, index);
	struct watched_folder *folder = &files->folder[index];
	union cordon_file_handle handle;
	const int error = mark_folder(files, path.text, &handle);
	const bool known = !error && !folder->error &&
			   cordon_file_handle_is(&folder->handle, &handle.head);

	folder->error = error;
	if (!error)
		folder->handle = handle;
	if (!error && !known)
		note_files(files, index);
	if (error && error != -ENOENT && !folder->told)
		tell_unwatched(files, path.text, error);
	folder->told = error && error != -ENOENT;
}

static void mark_all(struct files *files)
{
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		mark(files, i);
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

/* struct doer - of an event
 * @pidfd: of it, negative: it had ended when the event was read
 */
struct doer {
	uint32_t pid;
	int pidfd;
};

/* No signal is sent; who may not send one is told so only if there is somebody. */
static bool is_there(int pidfd)
{
	return pidfd >= 0 && (!syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) || errno == EPERM);
}

/* One that has ended meanwhile may have left its number to another. */
static void read_name(struct doer doer, char (*ret_name)[32])
{
	char path[32];
	FILE *file CLEANUP(fclose) = NULL;

	(*ret_name)[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%u/comm", doer.pid);
	file = doer.pid ? fopen(path, "re") : NULL;
	if (!file || !fgets(*ret_name, sizeof(*ret_name), file) || !is_there(doer.pidfd))
		(*ret_name)[0] = '\0';
	(*ret_name)[strcspn(*ret_name, "\n")] = '\0';
}

static void tell(struct files *files, const char *path, uint32_t change, struct doer doer)
{
	union cordon_event_room room;
	struct cordon_event_file *record =
		cordon_event_begin(&room, CORDON_EVENT_FILE, sizeof(*record));
	char name[32];

	record->event.pid = doer.pid;
	record->change = change;
	describe(path, record);
	read_name(doer, &name);
	cordon_event_add(&room, path);
	cordon_event_add(&room, name);
	files->watch->tell(files->watch->state, cordon_event_end(&room));
}

/* ---- events ------------------------------------------------------------------------------ */

/* struct change - what an event says
 * @folder: where, with the name behind it; NULL: the file has no name that the kernel knows
 * @file: which; NULL: it does not say
 */
struct change {
	uint32_t change;
	struct doer doer;
	const struct file_handle *folder;
	const struct file_handle *file;
};

static const char *name_in(const struct file_handle *folder)
{
	return (const char *)folder->f_handle + folder->handle_bytes;
}

/* What we do ourselves is told where it is done. */
static bool is_ours(const struct change *change)
{
	return change->doer.pid == (uint32_t)getpid();
}

/* Return: whether it is of the list, at @ret_path. */
static bool take_named(struct files *files, size_t index, const struct change *change,
		       char (*ret_path)[PATH_MAX])
{
	const char *name = name_in(change->folder);
	const struct cordon_path folder = path_of(files, index);

	if (files->folder[index].error ||
	    !cordon_file_handle_is(&files->folder[index].handle, change->folder) ||
	    !is_listed(index, name) ||
	    snprintf(*ret_path, sizeof(*ret_path), "%s/%s", folder.text, name) >=
		    (int)sizeof(*ret_path))
		return false;
	cordon_file_marks_note(&files->marks, *ret_path);
	if (!is_ours(change))
		tell(files, *ret_path, change->change, change->doer);
	return true;
}

/* Whatever other names the file has that are of the list. */
static void take_others(struct files *files, const struct change *change, const char *told)
{
	const struct cordon_file_mark *file = NULL;

	while ((file = cordon_file_marks_next(&files->marks, change->file, file))) {
		if (strcmp(file->path, told) != 0)
			tell(files, file->path, change->change | CORDON_FILE_OTHER_NAME,
			     change->doer);
	}
}

static void take_change(struct files *files, const struct change *change)
{
	char path[PATH_MAX] = "";
	size_t i = 0;

	while (change->folder && i < ARRAY_SIZE(watched) && !take_named(files, i, change, &path))
		i++;
	if (!change->folder || i == ARRAY_SIZE(watched))
		path[0] = '\0';
	if (change->file && !is_ours(change))
		take_others(files, change, path);
}

static void read_info(const struct fanotify_event_info_header *info, struct change *change)
{
	const struct file_handle *handle =
		(const void *)((const struct fanotify_event_info_fid *)info)->handle;

	if (info->info_type == FAN_EVENT_INFO_TYPE_DFID_NAME)
		change->folder = handle;
	else if (info->info_type == FAN_EVENT_INFO_TYPE_FID)
		change->file = handle;
	else if (info->info_type == FAN_EVENT_INFO_TYPE_PIDFD)
		change->doer.pidfd = ((const struct fanotify_event_info_pidfd *)info)->pidfd;
}

static void take_event(struct files *files, const struct fanotify_event_metadata *event)
{
	const uint8_t *at = (const uint8_t *)event + event->metadata_len,
		      *end = (const uint8_t *)event + event->event_len;
	const struct fanotify_event_info_header *info;
	struct change change = {
		.change = change_of(event->mask),
		.doer = { .pid = (uint32_t)event->pid, .pidfd = -1 },
	};

	if (event->mask & FAN_Q_OVERFLOW)
		files->watch->lost(files->watch->state, 1);
	for (; at + sizeof(*info) <= end; at += info->len) {
		info = (const void *)at;
		read_info(info, &change);
	}
	take_change(files, &change);
	cleanup_close(&change.doer.pidfd);
	if (event->mask & FAN_ONDIR)
		mark_all(files);
}

static void read_all(void *source)
{
	char room[8192] __attribute__((aligned(__alignof__(struct fanotify_event_metadata))));
	struct files *files = source;
	ssize_t size;

	while ((size = read(files->marks.fd, room, sizeof(room))) > 0) {
		const struct fanotify_event_metadata *event = (const void *)room;

		for (; FAN_EVENT_OK(event, size); event = FAN_EVENT_NEXT(event, size))
			take_event(files, event);
	}
}

static int get_fd(const void *source)
{
	return ((const struct files *)source)->marks.fd;
}

static void close_files(void *source)
{
	struct files *files = source;

	cordon_file_marks_clear(&files->marks);
	cleanup_close(&files->marks.fd);
	free(files);
}

/* That is no reason to watch nothing. */
static void say_unwatched(const struct files *files, struct cordon_failure *failure)
{
	size_t nr = 0, first = 0;

	for (size_t i = ARRAY_SIZE(watched); i-- > 0;) {
		if (!files->folder[i].told)
			continue;
		nr++;
		first = i;
	}
	if (nr)
		cordon_fail(failure, 0, "changes of files in %s%s are not told: %s",
			    path_of(files, first).text, nr > 1 ? " and other folders" : "",
			    strerror(-files->folder[first].error));
}

static int open_files(const struct cordon_watch *watch, struct cordon_failure *failure,
		      void **ret_source)
{
	const unsigned int how = FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_REPORT_FID |
				 FAN_REPORT_PIDFD | FAN_CLOEXEC | FAN_NONBLOCK;
	struct files *files = calloc(1, sizeof(*files));

	if (!files)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	files->watch = watch;
	files->marks.fd = fanotify_init(how, O_RDONLY | O_CLOEXEC);
	if (files->marks.fd < 0) {
		const int error = -errno;

		close_files(files);
		return cordon_fail(failure, error, "changes of files are not told: %s",
				   strerror(-error));
	}
	for (size_t i = 0; i < ARRAY_SIZE(watched); i++)
		files->folder[i].error = -ENOENT;
	mark_all(files);
	say_unwatched(files, failure);
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
