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

#include "probe.h"
#include "util/array.h"
#include "util/cleanup.h"

DEFINE_CLEANUP(folder, DIR *, closedir)

enum {
	LINKS,
	MAPS,
	PROGS,
	FOLDERS
};

static const char *const folders[FOLDERS] = { "links", "maps", "progs" };

/**
 * struct held - one pin
 * @fd: owned
 * @there: it was found at the last look
 */
struct held {
	int folder;
	int fd;
	uint32_t id;
	bool there;
	char name[64];
};

/** @anew: the maps are others than before: what was held of them is of no use */
struct cordon_hold {
	const struct cordon_context *context;
	int inotify;
	bool anew;
	struct held *held; /* owned */
	size_t nr;
};

static uint32_t object_id(int fd)
{
	/* What the information on maps, programs and links begins with. */
	struct {
		__u32 type;
		__u32 id;
	} info = { 0 };
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
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

static struct held *find_held(const struct cordon_hold *hold, int folder, const char *name)
{
	for (size_t i = 0; i < hold->nr; i++) {
		if (hold->held[i].folder == folder && !strcmp(hold->held[i].name, name))
			return &hold->held[i];
	}
	return NULL;
}

static int take_new(struct cordon_hold *hold, int folder, const char *name, int fd)
{
	struct held *held = array_push(hold->held, hold->nr);

	if (!held)
		return -ENOMEM;
	memset(held, 0, sizeof(*held));
	held->folder = folder;
	held->fd = fd;
	held->id = object_id(fd);
	held->there = true;
	snprintf(held->name, sizeof(held->name), "%.63s", name);
	return 0;
}

static int look_at(struct cordon_hold *hold, int folder, const char *name)
{
	const struct cordon_path path = cordon_path_pin(hold->context, folders[folder], name);
	struct held *held = find_held(hold, folder, name);
	int fd CLEANUP(close) = bpf_obj_get(path.text);
	int error = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (!held) {
		error = take_new(hold, folder, name, fd);
		if (!error)
			fd = -1;
		return error;
	}
	held->there = true;
	if (held->id == object_id(fd))
		return 0;
	hold->anew |= folder == MAPS && !strcmp(name, "control");
	close(held->fd);
	held->fd = TAKE_FD(fd);
	held->id = object_id(held->fd);
	return 0;
}

/* Half a name is a pin that is moved over another in a moment. */
static bool is_pin(const char *name)
{
	const size_t length = strlen(name);

	return name[0] != '.' && length < sizeof(((struct held *)0)->name) &&
	       (length < 4 || strcmp(name + length - 4, ":new"));
}

static int look_into(struct cordon_hold *hold, int folder)
{
	const struct cordon_path path = cordon_path_pin(hold->context, folders[folder], "");
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
	for (size_t i = 0; i < hold->nr; i++)
		hold->held[i].there = false;
	for (int folder = 0; folder < FOLDERS && !error; folder++)
		error = look_into(hold, folder);
	return error;
}

static bool has_another_name(const struct cordon_hold *hold, const struct held *lost)
{
	for (size_t i = 0; i < hold->nr; i++) {
		const struct held *held = &hold->held[i];

		if (held->there && held->folder == lost->folder && held->id == lost->id)
			return true;
	}
	return false;
}

/* Not taken away, but moved, of an interface that is gone, or of no use. */
static bool is_let_go(const struct cordon_hold *hold, const struct held *held)
{
	return hold->anew || has_another_name(hold, held) ||
	       (held->folder == LINKS && is_dead(held->fd));
}

static void drop(struct cordon_hold *hold, size_t index)
{
	close(hold->held[index].fd);
	hold->held[index] = hold->held[--hold->nr];
}

static int put_back(const struct cordon_hold *hold, struct held *held, cordon_hold_tell tell,
		    void *state)
{
	const struct cordon_path path =
		cordon_path_pin(hold->context, folders[held->folder], held->name);
	char what[80];
	int error;

	error = bpf_obj_pin(held->fd, path.text);
	if (error)
		return error;
	held->there = true;
	snprintf(what, sizeof(what), "the pin %s/%s", folders[held->folder], held->name);
	tell(state, what, "pinned again");
	return 0;
}

/* Backwards, as the last takes the place of what is dropped. */
static int put_all_back(struct cordon_hold *hold, cordon_hold_tell tell, void *state)
{
	int error, first = 0;

	for (size_t i = hold->nr; i--;) {
		if (hold->held[i].there)
			continue;
		if (is_let_go(hold, &hold->held[i])) {
			drop(hold, i);
			continue;
		}
		error = put_back(hold, &hold->held[i], tell, state);
		first = first ? first : error;
	}
	return first;
}

static int make_folders(const struct cordon_hold *hold)
{
	for (int folder = 0; folder < FOLDERS; folder++) {
		const struct cordon_path path = cordon_path_pin(hold->context, folders[folder], "");
		const int error = cordon_folder_make(path.text, 0700);

		if (error && error != -EEXIST)
			return error;
	}
	return 0;
}

/* A folder that was made anew is another: the same again costs nothing. */
static int watch(const struct cordon_hold *hold)
{
	for (int folder = 0; folder < FOLDERS; folder++) {
		const struct cordon_path path = cordon_path_pin(hold->context, folders[folder], "");

		if (inotify_add_watch(hold->inotify, path.text,
				      IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
					      IN_MOVE_SELF | IN_ONLYDIR) < 0)
			return -errno;
	}
	return 0;
}

int cordon_hold_pins(struct cordon_hold *hold, cordon_hold_tell tell, void *state,
		     struct cordon_failure *failure)
{
	int lock CLEANUP(close) = -1;
	int error;

	error = cordon_probe_bpffs(hold->context, failure);
	if (!error)
		error = cordon_lock_take(hold->context, failure, &lock);
	if (error)
		return error;
	error = make_folders(hold);
	if (!error)
		error = watch(hold);
	if (!error)
		error = look(hold);
	if (!error)
		error = put_all_back(hold, tell, state);
	return error ? cordon_fail(failure, error, "cannot put pins back below %s: %s",
				   hold->context->bpffs, strerror(-error)) :
		       0;
}

static void tell_nobody(void *state, const char *what, const char *became)
{
	(void)state, (void)what, (void)became;
}

int cordon_hold_open(const struct cordon_context *context, struct cordon_failure *failure,
		     struct cordon_hold **ret_hold)
{
	struct cordon_hold *hold = calloc(1, sizeof(*hold));
	int error;

	if (!hold)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	hold->context = context;
	hold->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (hold->inotify < 0)
		error = cordon_fail(failure, -errno, "cannot watch %s: %s", context->bpffs,
				    strerror(errno));
	else
		error = cordon_hold_pins(hold, tell_nobody, NULL, failure);
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

bool cordon_hold_is_loose(const struct cordon_hold *hold)
{
	for (size_t i = 0; i < hold->nr; i++) {
		if (hold->held[i].folder == LINKS && is_dead(hold->held[i].fd))
			return true;
	}
	return false;
}

static bool was_covered(const struct cordon_attached *attached, int index)
{
	for (size_t i = 0; i < attached->nr; i++) {
		if (attached->covered[i] == index)
			return true;
	}
	return false;
}

static bool tell_lost(const struct cordon_attached *before, const struct cordon_coverages *now,
		      cordon_hold_tell tell, void *state)
{
	char what[64];
	bool told = false;

	for (size_t i = 0; i < now->nr; i++) {
		const struct cordon_coverage *coverage = &now->entry[i];

		if (coverage->hook != CORDON_HOOK_NONE || coverage->excluded ||
		    !was_covered(before, coverage->index))
			continue;
		snprintf(what, sizeof(what), "the hook on %s", coverage->name);
		tell(state, what, "attached again");
		told = true;
	}
	return told;
}

static bool tell_lost_hooks(const struct cordon_attached *before,
			    const struct cordon_cgroup_hook *now, cordon_hold_tell tell,
			    void *state)
{
	char what[64];
	bool told = false;

	for (int i = 0; i < CORDON_CGROUP_HOOKS; i++) {
		if (now[i].there || !before->cgroup[i])
			continue;
		snprintf(what, sizeof(what), "the cgroup hook %s", now[i].name);
		tell(state, what, "attached again");
		told = true;
	}
	return told;
}

static void remember(struct cordon_attached *attached, const struct cordon_coverages *now,
		     const struct cordon_cgroup_hook *hooks)
{
	attached->nr = 0;
	for (size_t i = 0; i < now->nr; i++) {
		int *index;

		if (now->entry[i].hook == CORDON_HOOK_NONE)
			continue;
		index = array_push(attached->covered, attached->nr);
		if (index)
			*index = now->entry[i].index;
	}
	for (int i = 0; i < CORDON_CGROUP_HOOKS; i++)
		attached->cgroup[i] = hooks[i].there;
}

bool cordon_attached_look(struct cordon_attached *attached, const struct cordon_attach *attach,
			  const struct cordon_nl_links *links, cordon_hold_tell tell, void *state)
{
	struct cordon_coverages now CLEANUP(coverages) = { 0 };
	struct cordon_cgroup_hook hooks[CORDON_CGROUP_HOOKS];
	struct cordon_failure unsaid = { .text = "" };
	bool told;

	if (cordon_attach_survey(attach, links, &unsaid, &now))
		return false;
	cordon_attach_cgroup_survey(attach, hooks);
	told = tell_lost(attached, &now, tell, state);
	told |= tell_lost_hooks(attached, hooks, tell, state);
	remember(attached, &now, hooks);
	return told;
}

void cordon_attached_clear(struct cordon_attached *attached)
{
	free(attached->covered);
	memset(attached, 0, sizeof(*attached));
}
