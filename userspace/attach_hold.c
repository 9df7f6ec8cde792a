// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File descriptors of all that is pinned.  A link without a pin lives as long as
 * one is open, and a pin can be made from it.
 */
#include "attach_hold.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "load_pin.h"
#include "probe.h"
#include "util/array.h"
#include "util/cleanup.h"

/**
 * struct held - one pin
 * @fd: owned
 * @former: owned; a link that another took the pin from, which stays until the next look, when
 *	hooks were looked after; -1: none
 * @there: it was found at the last look
 */
struct held {
	enum cordon_pin_folder folder;
	int fd;
	int former;
	uint32_t id;
	bool there;
	char name[64];
};

/**
 * struct cordon_hold
 * @displaced: another link has the pin of one that was on its hook; nobody was told yet
 * @anew: the maps are others than at the last look: what was held with them is of no use
 */
struct cordon_hold {
	const struct cordon_context *context;
	cordon_hold_tell tell;
	void *state;
	int inotify;
	bool displaced;
	bool anew;
	struct held *held; /* owned */
	size_t nr;
};

/* Where two links fit beside each other. */
static bool is_shared(int fd)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);

	return !bpf_link_get_info_by_fd(fd, &info, &size) && info.type != BPF_LINK_TYPE_XDP;
}

/* Of a link that somebody took off its hook, or whose interface or cgroup is gone. */
static bool is_dead(int fd)
{
	struct bpf_link_info info = { 0 };
	__u32 size = sizeof(info);

	if (bpf_link_get_info_by_fd(fd, &info, &size))
		return true;
	switch (info.type) {
	case BPF_LINK_TYPE_TCX:
		return !info.tcx.ifindex;
	case BPF_LINK_TYPE_XDP:
		return !info.xdp.ifindex;
	case BPF_LINK_TYPE_CGROUP:
		return !info.cgroup.cgroup_id;
	default:
		return false;
	}
}

static struct cordon_path path_of(const struct cordon_hold *hold, enum cordon_pin_folder folder,
				  const char *name)
{
	return cordon_path_pin(hold->context, cordon_pin_folder_name(folder), name);
}

static struct held *find_held(const struct cordon_hold *hold, enum cordon_pin_folder folder,
			      const char *name)
{
	for (size_t i = 0; i < hold->nr; i++) {
		if (hold->held[i].folder == folder && !strcmp(hold->held[i].name, name))
			return &hold->held[i];
	}
	return NULL;
}

static struct held *add_held(struct cordon_hold *hold, enum cordon_pin_folder folder,
			     const char *name)
{
	struct held *held = array_push(hold->held, hold->nr);

	if (!held)
		return NULL;
	held->folder = folder;
	held->fd = held->former = -1;
	snprintf(held->name, sizeof(held->name), "%.63s", name);
	return held;
}

static int look_at(struct cordon_hold *hold, enum cordon_pin_folder folder, const char *name)
{
	const struct cordon_path path = path_of(hold, folder, name);
	int fd CLEANUP(close) = bpf_obj_get(path.text);
	const uint32_t id = cordon_pin_id(fd);
	struct held *held;

	/* Gone by now, or somebody's folder: no pin, at any rate. */
	if (!id)
		return 0;
	held = find_held(hold, folder, name);
	if (!held)
		held = add_held(hold, folder, name);
	if (!held)
		return -ENOMEM;
	held->there = true;
	if (held->id == id)
		return 0;
	if (folder == CORDON_PIN_LINKS && held->id && !is_dead(held->fd)) {
		hold->displaced = true;
		if (is_shared(held->fd))
			held->former = TAKE_FD(held->fd);
	}
	hold->anew |= held->id && folder == CORDON_PIN_MAPS && !strcmp(name, "control");
	cleanup_close(&held->fd);
	held->fd = TAKE_FD(fd);
	held->id = id;
	return 0;
}

/* Half a name is a pin that is moved over another in a moment. */
static bool is_pin(const char *name)
{
	const size_t length = strlen(name);

	return name[0] != '.' && length < sizeof(((struct held *)0)->name) &&
	       (length < 4 || strcmp(name + length - 4, ":new"));
}

static int look_into(struct cordon_hold *hold, enum cordon_pin_folder folder)
{
	const struct cordon_path path = path_of(hold, folder, "");
	DIR *opened CLEANUP(folder) = opendir(path.text);
	const struct dirent *entry;
	int error = 0;

	if (!opened)
		return errno == ENOENT ? 0 : -errno;
	while (!error && (entry = readdir(opened))) {
		if (is_pin(entry->d_name))
			error = look_at(hold, folder, entry->d_name);
	}
	return error;
}

static int look(struct cordon_hold *hold)
{
	int error = 0;

	hold->anew = false;
	for (size_t i = 0; i < hold->nr; i++) {
		hold->held[i].there = false;
		cleanup_close(&hold->held[i].former);
		hold->held[i].former = -1;
	}
	for (int folder = 0; folder < CORDON_PIN_FOLDERS && !error; folder++)
		error = look_into(hold, folder);
	return error;
}

/* A link follows its interface to another name; nothing else is ever renamed by us. */
static bool has_another_name(const struct cordon_hold *hold, const struct held *link)
{
	for (size_t i = 0; i < hold->nr; i++) {
		const struct held *held = &hold->held[i];

		if (held->there && held->folder == CORDON_PIN_LINKS && held->id == link->id)
			return true;
	}
	return false;
}

static bool is_of_no_use(const struct cordon_hold *hold, const struct held *held)
{
	return hold->anew || (held->folder == CORDON_PIN_LINKS &&
			      (is_dead(held->fd) || has_another_name(hold, held)));
}

static void drop(struct cordon_hold *hold, size_t index)
{
	cleanup_close(&hold->held[index].fd);
	cleanup_close(&hold->held[index].former);
	hold->held[index] = hold->held[--hold->nr];
}

void cordon_hold_let_go(struct cordon_hold *hold, const char *link)
{
	const struct held *held = find_held(hold, CORDON_PIN_LINKS, link);

	if (held)
		drop(hold, (size_t)(held - hold->held));
}

static int put_back(const struct cordon_hold *hold, struct held *held)
{
	const struct cordon_path path = path_of(hold, held->folder, held->name);
	char pin[80];
	int error;

	error = bpf_obj_pin(held->fd, path.text);
	if (error)
		return error;
	held->there = true;
	snprintf(pin, sizeof(pin), "%s/%s", cordon_pin_folder_name(held->folder), held->name);
	hold->tell(hold->state, pin);
	return 0;
}

/* Backwards, as the last takes the place of what is dropped. */
static int put_all_back(struct cordon_hold *hold)
{
	int error, first = 0;

	for (size_t i = hold->nr; i--;) {
		if (hold->held[i].there)
			continue;
		if (is_of_no_use(hold, &hold->held[i])) {
			drop(hold, i);
			continue;
		}
		error = put_back(hold, &hold->held[i]);
		first = first ? first : error;
	}
	return first;
}

/* A folder that was made anew is another: the same again costs nothing. */
static int watch(const struct cordon_hold *hold)
{
	for (int folder = 0; folder < CORDON_PIN_FOLDERS; folder++) {
		const struct cordon_path path = path_of(hold, folder, "");

		if (inotify_add_watch(hold->inotify, path.text,
				      IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
					      IN_MOVE_SELF | IN_ONLYDIR) < 0)
			return -errno;
	}
	return 0;
}

int cordon_hold_pins(struct cordon_hold *hold, struct cordon_failure *failure)
{
	int lock CLEANUP(close) = -1;
	int error;

	error = cordon_probe_bpffs(hold->context, failure);
	if (!error)
		error = cordon_lock_take(hold->context, failure, &lock);
	if (error)
		return error;
	error = cordon_pin_folders_make(hold->context, failure);
	if (!error)
		error = watch(hold);
	if (!error)
		error = look(hold);
	if (!error)
		error = put_all_back(hold);
	return error ? cordon_fail(failure, error, "cannot put pins back below %s: %s",
				   hold->context->bpffs, strerror(-error)) :
		       0;
}

int cordon_hold_open(const struct cordon_context *context, cordon_hold_tell tell, void *state,
		     struct cordon_failure *failure, struct cordon_hold **ret_hold)
{
	struct cordon_hold *hold = calloc(1, sizeof(*hold));
	int error;

	if (!hold)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	hold->context = context;
	hold->tell = tell;
	hold->state = state;
	hold->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (hold->inotify < 0)
		error = cordon_fail(failure, -errno, "cannot watch %s: %s", context->bpffs,
				    strerror(errno));
	else
		error = cordon_hold_pins(hold, failure);
	if (error) {
		cordon_hold_close(hold);
		return error;
	}
	*ret_hold = hold;
	return 0;
}

void cordon_hold_close(struct cordon_hold *hold)
{
	if (!hold)
		return;
	while (hold->nr)
		drop(hold, hold->nr - 1);
	free(hold->held);
	cleanup_close(&hold->inotify);
	free(hold);
}

int cordon_hold_fd(const struct cordon_hold *hold)
{
	return hold->inotify;
}

/* What is moved is a pin that is replaced, by us, or one that somebody hides. */
bool cordon_hold_read(struct cordon_hold *hold)
{
	char room[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool gone = false;
	ssize_t size;

	while ((size = read(hold->inotify, room, sizeof(room))) > 0) {
		for (char *at = room; at < room + size;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			gone |= !event->len || is_pin(event->name);
			at += sizeof(*event) + event->len;
		}
	}
	return gone;
}

bool cordon_hold_is_loose(struct cordon_hold *hold)
{
	const bool displaced = hold->displaced;

	hold->displaced = false;
	for (size_t i = 0; i < hold->nr; i++) {
		if (hold->held[i].folder == CORDON_PIN_LINKS && is_dead(hold->held[i].fd))
			return true;
	}
	return displaced;
}
