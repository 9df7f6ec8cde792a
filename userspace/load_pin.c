// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pins: their folders, moving one over another, and removing them all.
 */
#include "load_pin.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "fault.h"
#include "load.h"
#include "util/cleanup.h"

const char *cordon_pin_folder_name(enum cordon_pin_folder folder)
{
	static const char *const names[CORDON_PIN_FOLDERS] = {
		[CORDON_PIN_LINKS] = "links",
		[CORDON_PIN_MAPS] = "maps",
		[CORDON_PIN_PROGS] = "progs",
	};

	return names[folder];
}

int cordon_pin_open(const struct cordon_context *context, enum cordon_pin_folder folder,
		    const char *name)
{
	const struct cordon_path path =
		cordon_path_pin(context, cordon_pin_folder_name(folder), name);

	return bpf_obj_get(path.text);
}

bool cordon_pin_stands(const struct cordon_context *context, enum cordon_pin_folder folder,
		       const char *name)
{
	const struct cordon_path path =
		cordon_path_pin(context, cordon_pin_folder_name(folder), name);

	return !access(path.text, F_OK);
}

int cordon_pin_folders_make(const struct cordon_context *context, struct cordon_failure *failure)
{
	for (int i = 0; i < CORDON_PIN_FOLDERS; i++) {
		const struct cordon_path path =
			cordon_path_pin(context, cordon_pin_folder_name(i), "");
		const int error = cordon_folder_make(path.text, 0700);

		if (error && error != -EEXIST)
			return cordon_fail(failure, error, "cannot make %s: %s", path.text,
					   strerror(-error));
	}
	return 0;
}

int cordon_pin_over(int fd, const struct cordon_path *path)
{
	struct cordon_path aside;
	int error;

	if (snprintf(aside.text, sizeof(aside.text), "%s:new", path->text) >=
	    (int)sizeof(aside.text))
		return -ENAMETOOLONG;
	unlink(aside.text);
	error = bpf_obj_pin(fd, aside.text);
	if (error)
		return error;
	cordon_step("pin aside");
	if (rename(aside.text, path->text))
		return -errno;
	cordon_step("pin over");
	return 0;
}

uint32_t cordon_pin_id(int fd)
{
	/* What the information on maps, programs and links begins with. */
	struct {
		__u32 type;
		__u32 id;
	} info = { 0 };
	__u32 size = sizeof(info);

	return fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.id;
}

static int empty_folder(const struct cordon_context *context, enum cordon_pin_folder which,
			struct cordon_failure *failure)
{
	const struct cordon_path path = cordon_path_pin(context, cordon_pin_folder_name(which), "");
	DIR *folder CLEANUP(folder) = opendir(path.text);
	const struct dirent *entry;

	if (!folder)
		return errno == ENOENT ? 0 :
					 cordon_fail(failure, -errno, "cannot open %s: %s",
						     path.text, strerror(errno));
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		if (unlinkat(dirfd(folder), entry->d_name, 0) && errno != ENOENT)
			return cordon_fail(failure, -errno, "cannot remove %s%s: %s", path.text,
					   entry->d_name, strerror(errno));
		cordon_step("unpin");
	}
	rmdir(path.text);
	return 0;
}

int cordon_load_unpin_maps(const struct cordon_context *context, struct cordon_failure *failure)
{
	const struct cordon_path control = cordon_path_pin(context, "maps", "control");

	/* First: whoever finds the others alone knows that they are left over. */
	unlink(control.text);
	cordon_step("unpin control");
	return empty_folder(context, CORDON_PIN_MAPS, failure);
}

int cordon_load_unpin(const struct cordon_context *context, struct cordon_failure *failure)
{
	int error = empty_folder(context, CORDON_PIN_LINKS, failure);

	if (!error)
		error = cordon_load_unpin_maps(context, failure);
	if (!error)
		error = empty_folder(context, CORDON_PIN_PROGS, failure);
	if (!error)
		rmdir(context->bpffs);
	return error;
}
