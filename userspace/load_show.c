// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pins for people: maps/settings, maps/prefixes, maps/zones ... are those of
 * the generation in force, so that `bpftool map dump pinned` of them reads
 * like the policy.  No program depends on them.
 */
#include "load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "fault.h"
#include "util/cleanup.h"

DEFINE_CLEANUP(folder, DIR *, closedir)

static uint32_t map_id(int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);

	return fd >= 0 && !bpf_map_get_info_by_fd(fd, &info, &size) ? info.id : 0;
}

/* The pin of the name is never missing: the new one is moved over it. */
static int show_map(const struct cordon_context *context, const char *name, int fd)
{
	const struct cordon_path path = cordon_path_pin(context, "maps", name);
	struct cordon_path aside;
	int present CLEANUP(close) = bpf_obj_get(path.text);
	char temporary[32];
	int error;

	if (map_id(present) == map_id(fd))
		return 0;
	snprintf(temporary, sizeof(temporary), "%s:new", name);
	aside = cordon_path_pin(context, "maps", temporary);
	unlink(aside.text);
	error = bpf_obj_pin(fd, aside.text);
	if (error)
		return error;
	cordon_step("show aside");
	if (rename(aside.text, path.text))
		return -errno;
	cordon_step("show");
	return 0;
}

static int show_table(const struct cordon_context *context, const struct cordon_maps *maps,
		      enum cordon_table_id table, uint32_t slot)
{
	int fd CLEANUP(close) = -1;
	__u32 id;
	int error;

	error = bpf_map_lookup_elem(maps->fd[cordon_table_map(table)], &slot, &id);
	if (error)
		return error;
	fd = bpf_map_get_fd_by_id(id);
	return fd < 0 ? fd : show_map(context, cordon_table_name(table), fd);
}

int cordon_load_show(const struct cordon_context *context, const struct cordon_maps *maps)
{
	const struct cordon_standing standing = cordon_standing_read(maps);
	const uint32_t slot = cordon_slot(standing.effective, standing.latch);
	int error = 0;

	if (!standing.effective)
		return 0;
	for (int i = 0; i < CORDON_TABLE_COUNT && !error; i++) {
		error = show_table(context, maps, i, slot);
		/* Their pin was lost; the next generation has them again. */
		if (error == -ENOENT && i == CORDON_TABLE_ZONES)
			error = 0;
	}
	return error;
}

static int empty_folder(const struct cordon_context *context, const char *name,
			struct cordon_failure *failure)
{
	const struct cordon_path path = cordon_path_pin(context, name, "");
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
	return empty_folder(context, "maps", failure);
}

int cordon_load_unpin(const struct cordon_context *context, struct cordon_failure *failure)
{
	int error = empty_folder(context, "links", failure);

	if (!error)
		error = cordon_load_unpin_maps(context, failure);
	if (!error)
		error = empty_folder(context, "progs", failure);
	if (!error)
		rmdir(context->bpffs);
	return error;
}
