/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cgroup2 tree: where it is mounted, what is in it, and which unit a
 * cgroup is.  Knows neither policies nor maps.
 */
#ifndef CORDON_CGROUP_H
#define CORDON_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "context.h"

/**
 * struct cordon_cgroup_root - the cgroup that we attach to
 * @path: where it is in the file system
 * @mount: length of the part of @path that is the cgroup2 mount
 * @id: of the cgroup
 */
struct cordon_cgroup_root {
	char path[PATH_MAX];
	unsigned int mount;
	uint64_t id;
};

/**
 * cordon_cgroup_find() - --cgroup, or the root of the cgroup2 mount, also of a
 *	hybrid tree
 * Return: 0; -ENOENT: no cgroup2 is mounted; -ENOTDIR: --cgroup is not in one;
 *	with @failure.
 */
int cordon_cgroup_find(const struct cordon_context *context, struct cordon_failure *failure,
		       struct cordon_cgroup_root *ret_root);

/**
 * struct cordon_cgroup - one cgroup of a walk
 * @path: below the cgroup2 mount, "/system.slice/pos.service"; "/" for the root
 * @name: last component
 * @unit: it is where systemd puts a unit of that name: all above are slices
 * @above: what the visitor returned for the parent
 */
struct cordon_cgroup {
	uint64_t id;
	const char *path;
	const char *name;
	bool unit;
	uint64_t above;
};

/** cordon_cgroup_open() - a folder to attach to. Return: fd or -errno */
int cordon_cgroup_open(const struct cordon_cgroup_root *root);

/** cordon_cgroup_is_unit() - whether @path is where a unit of its last name is put */
bool cordon_cgroup_is_unit(const char *path);

typedef uint64_t (*cordon_cgroup_visitor)(void *state, const struct cordon_cgroup *cgroup);

/**
 * cordon_cgroup_walk() - visit the root and all below it, parents first, so that
 *	a child made meanwhile is either seen or inherits what its parent has
 * Return: 0 or -errno of the root; cgroups that go meanwhile are passed over.
 */
int cordon_cgroup_walk(const struct cordon_cgroup_root *root, cordon_cgroup_visitor visitor,
		       void *state);

/**
 * cordon_cgroup_path() - path of a cgroup below the mount
 * Return: 0; -ESTALE: it is gone; -errno.
 */
int cordon_cgroup_path(const struct cordon_cgroup_root *root, uint64_t id,
		       char (*ret_path)[PATH_MAX]);

/** cordon_cgroup_exists() - whether there is a cgroup of this path below the mount: 0 or -errno */
int cordon_cgroup_exists(const struct cordon_cgroup_root *root, const char *path);

#endif
