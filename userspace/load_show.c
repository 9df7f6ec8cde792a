// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pins for people: maps/settings, maps/prefixes, maps/zones ... are those of
 * the generation in force, so that `bpftool map dump pinned` of them reads
 * like the policy.  No program depends on them.
 */
#include "load.h"

#include <errno.h>

#include <bpf/bpf.h>

#include "load_pin.h"
#include "util/cleanup.h"

static int show_table(const struct cordon_context *context, const struct cordon_maps *maps,
		      enum cordon_table_id table, uint32_t slot)
{
	const struct cordon_path path = cordon_path_pin(context, "maps", cordon_table_name(table));
	int present CLEANUP(close) = bpf_obj_get(path.text);
	int fd CLEANUP(close) = -1;
	__u32 id;
	int error;

	error = bpf_map_lookup_elem(maps->fd[cordon_table_map(table)], &slot, &id);
	if (error || cordon_pin_id(present) == id)
		return error;
	fd = bpf_map_get_fd_by_id(id);
	return fd < 0 ? fd : cordon_pin_over(fd, &path);
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
		if (error == -ENOENT && (i == CORDON_TABLE_ZONES || i == CORDON_TABLE_NOTES))
			error = 0;
	}
	return error;
}
