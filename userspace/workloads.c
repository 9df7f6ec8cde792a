// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Workloads and own addresses, made to agree with this machine.  Only the
 * half of a value that belongs to the coming generation is changed.
 */
#include "workloads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"
#include "util/array.h"
#include "util/cleanup.h"
#include "util/names.h"

struct filling {
	const struct cordon_maps *maps;
	const struct cordon_image *image;
	struct cordon_names names; /* path or unit to index in image->workloads */
	uint32_t parity;
	uint64_t *seen; /* cgroup ids of the walk */
	size_t nr_seen;
	int error; /* the first one */
};

static void note_error(struct filling *filling, int error)
{
	if (error && !filling->error)
		filling->error = error;
}

static uint32_t identity_of(const struct filling *filling, const char *path)
{
	size_t index;

	if (!cordon_names_find(&filling->names, 0, path, &index))
		return 0;
	return filling->image->workloads[index].identity;
}

/* Values are put whole, so that a program never reads half of one. */
static int set_identity(const struct filling *filling, enum cordon_map map, const void *key,
			uint32_t identity)
{
	struct cordon_workload value = { .identity = { 0 } };
	const int missing = cordon_hash_get(filling->maps, map, key, &value);

	if (missing && missing != -ENOENT)
		return missing;
	if (missing ? !identity : value.identity[filling->parity] == identity)
		return 0;
	value.identity[filling->parity] = identity;
	if (missing)
		return cordon_hash_add(filling->maps, map, key, &value);
	if (!value.identity[0] && !value.identity[1])
		return cordon_hash_drop(filling->maps, map, key);
	return cordon_hash_set(filling->maps, map, key, &value);
}

/* The program that follows new cgroups may put one in between look and add. */
static int set_identity_surely(const struct filling *filling, enum cordon_map map, const void *key,
			       uint32_t identity)
{
	const int error = set_identity(filling, map, key, identity);

	return error == -EEXIST ? set_identity(filling, map, key, identity) : error;
}

static int fill_paths(struct filling *filling)
{
	struct cordon_workload_path *keys CLEANUP(free) = NULL;
	void *all = NULL;
	size_t nr;
	int error;

	for (size_t i = 0; i < filling->image->nr_workloads; i++) {
		const struct cordon_image_workload *workload = &filling->image->workloads[i];

		error = set_identity_surely(filling, CORDON_MAP_WORKLOAD_PATHS, &workload->path,
					    workload->identity);
		if (error)
			return error;
	}
	error = cordon_hash_keys(filling->maps, CORDON_MAP_WORKLOAD_PATHS, sizeof(*keys), &all,
				 &nr);
	keys = all;
	for (size_t i = 0; !error && i < nr; i++) {
		if (!identity_of(filling, keys[i].path))
			error = set_identity_surely(filling, CORDON_MAP_WORKLOAD_PATHS, &keys[i],
						    0);
	}
	return error;
}

static uint64_t fill_cgroup(void *state, const struct cordon_cgroup *cgroup)
{
	struct filling *filling = state;
	uint64_t *seen = array_push(filling->seen, filling->nr_seen);
	uint32_t identity = identity_of(filling, cgroup->path);

	if (!seen) {
		note_error(filling, -ENOMEM);
		return 0;
	}
	*seen = cgroup->id;
	if (!identity && cgroup->unit)
		identity = identity_of(filling, cgroup->name);
	if (!identity)
		identity = (uint32_t)cgroup->above;
	note_error(filling, set_identity_surely(filling, CORDON_MAP_WORKLOAD_CGROUPS, &cgroup->id,
						identity));
	return identity;
}

static int compare_ids(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Entries of cgroups that went while no program watched. */
static int drop_gone(struct filling *filling, const struct cordon_cgroup_root *cgroups)
{
	uint64_t *keys CLEANUP(free) = NULL;
	void *all = NULL;
	char path[PATH_MAX];
	size_t nr;
	int error;

	error = cordon_hash_keys(filling->maps, CORDON_MAP_WORKLOAD_CGROUPS, sizeof(*keys), &all,
				 &nr);
	keys = all;
	qsort(filling->seen, filling->nr_seen, sizeof(*filling->seen), compare_ids);
	for (size_t i = 0; !error && i < nr; i++) {
		if (bsearch(&keys[i], filling->seen, filling->nr_seen, sizeof(*filling->seen),
			    compare_ids))
			continue;
		if (cordon_cgroup_path(cgroups, keys[i], &path) == -ESTALE)
			error = cordon_hash_drop(filling->maps, CORDON_MAP_WORKLOAD_CGROUPS,
						 &keys[i]);
	}
	return error;
}

static bool is_empty(const struct cordon_maps *maps, enum cordon_map map, size_t size)
{
	void *keys CLEANUP(free) = NULL;
	size_t nr;

	return !cordon_hash_keys(maps, map, size, &keys, &nr) && !nr;
}

static int learn_names(struct filling *filling)
{
	for (size_t i = 0; i < filling->image->nr_workloads; i++) {
		size_t former;
		const int error = cordon_names_add(
			&filling->names, 0, filling->image->workloads[i].path.path, i, &former);

		if (error && error != -EEXIST)
			return error;
	}
	return 0;
}

static int fill(struct filling *filling, const struct cordon_cgroup_root *cgroups)
{
	int error = learn_names(filling);

	if (!error)
		error = fill_paths(filling);
	cordon_step("workload paths");
	if (error || !cgroups)
		return error;
	error = cordon_cgroup_walk(cgroups, fill_cgroup, filling);
	if (!error)
		error = filling->error;
	if (!error)
		error = drop_gone(filling, cgroups);
	cordon_step("workload cgroups");
	return error;
}

int cordon_workloads_fill(const struct cordon_maps *maps, const struct cordon_image *image,
			  const struct cordon_cgroup_root *cgroups, struct cordon_failure *failure)
{
	struct filling filling = {
		.maps = maps,
		.image = image,
		.parity = image->settings.generation & 1,
	};
	int error;

	if (!image->nr_workloads &&
	    is_empty(maps, CORDON_MAP_WORKLOAD_PATHS, sizeof(struct cordon_workload_path)) &&
	    is_empty(maps, CORDON_MAP_WORKLOAD_CGROUPS, sizeof(uint64_t)))
		return 0;
	error = fill(&filling, cgroups);
	cordon_names_clear(&filling.names);
	free(filling.seen);
	if (error == -E2BIG)
		return cordon_fail(failure, error, "more than %u cgroups belong to workloads",
				   CORDON_WORKLOAD_CGROUPS_MAX);
	return error ? cordon_fail(failure, error, "cannot find the workloads: %s",
				   strerror(-error)) :
		       0;
}

static int put_addresses(const struct cordon_maps *maps,
			 const struct cordon_nl_addresses *addresses)
{
	for (size_t i = 0; i < addresses->nr; i++) {
		const uint32_t index = (uint32_t)addresses->entry[i].index;
		uint32_t present;
		int error;

		if (!cordon_hash_get(maps, CORDON_MAP_LOCAL_ADDRESSES, &addresses->entry[i].address,
				     &present) &&
		    present == index)
			continue;
		error = cordon_hash_set(maps, CORDON_MAP_LOCAL_ADDRESSES,
					&addresses->entry[i].address, &index);
		/* Full: the programs ask the routing table instead. */
		if (error && error != -E2BIG)
			return error;
	}
	return 0;
}

int cordon_addresses_fill(const struct cordon_maps *maps, struct cordon_failure *failure)
{
	struct cordon_nl_addresses addresses = { 0 };
	struct cordon_address *keys CLEANUP(free) = NULL;
	void *all = NULL;
	size_t nr = 0;
	int error;

	error = cordon_nl_addresses_read(failure, &addresses);
	if (error)
		return error;
	error = cordon_hash_keys(maps, CORDON_MAP_LOCAL_ADDRESSES, sizeof(*keys), &all, &nr);
	keys = all;
	for (size_t i = 0; !error && i < nr; i++) {
		if (!cordon_nl_addresses_have(&addresses, &keys[i]))
			error = cordon_hash_drop(maps, CORDON_MAP_LOCAL_ADDRESSES, &keys[i]);
	}
	if (!error)
		error = put_addresses(maps, &addresses);
	free(addresses.entry);
	return error ? cordon_fail(failure, error, "cannot note the node's addresses: %s",
				   strerror(-error)) :
		       0;
}
