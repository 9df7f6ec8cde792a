// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guard's maps and programs, and what they have to know of this machine: where
 * our folders are, what the helper is, which objects are ours.  It attaches nothing.
 */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "load.h"
#include "load_guard.h"
#include "load_object.h"
#include "load_pin.h"
#include "maps.h"
#include "sign_digest.h"
#include "tpm.h"
#include "util/array.h"
#include "util/cleanup.h"

#define HELPER "/proc/self/exe"

int cordon_guard_map_open(const struct cordon_context *context, enum cordon_guard_map map)
{
	return cordon_pin_open(context, CORDON_PIN_MAPS, cordon_guard_map_name(map));
}

int cordon_guard_read(const struct cordon_context *context, struct cordon_guard *ret_guard)
{
	const int fd CLEANUP(close) = cordon_guard_map_open(context, CORDON_GUARD_MAP_STATE);
	const uint32_t zero = 0;

	return fd < 0 ? fd : bpf_map_lookup_elem(fd, &zero, ret_guard);
}

int cordon_guard_write(const struct cordon_context *context, const struct cordon_guard *guard)
{
	const int fd CLEANUP(close) = cordon_guard_map_open(context, CORDON_GUARD_MAP_STATE);
	const uint32_t zero = 0;

	return fd < 0 ? fd : bpf_map_update_elem(fd, &zero, guard, BPF_ANY);
}

int cordon_guard_mark(int tasks, bool ours)
{
	const int self CLEANUP(close) = (int)syscall(SYS_pidfd_open, getpid(), 0);
	const struct cordon_guard_task task = { .ours = ours };

	if (tasks < 0 || self < 0)
		return tasks < 0 ? tasks : -errno;
	return bpf_map_update_elem(tasks, &self, &task, BPF_ANY);
}

/* ---- where our folders are ---------------------------------------------------------------- */

int cordon_guard_look(int program, int fd, struct cordon_guard_look *ret_look)
{
	struct cordon_guard_look look = { .fd = fd };
	/* The kernel writes back what it was given. */
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = &look, .ctx_size_in = sizeof(look));
	const int error = bpf_prog_test_run_opts(program, &run);

	if (error)
		return error;
	if (run.retval || !look.steps)
		return -ELOOP;
	*ret_look = look;
	return 0;
}

static int look_at(int program, const char *path, struct cordon_guard_look *ret_look)
{
	const int fd CLEANUP(close) = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : cordon_guard_look(program, fd, ret_look);
}

static int add_above(struct cordon_guard *guard, const struct cordon_guard_place *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(guard->above); i++) {
		struct cordon_guard_place *above = &guard->above[i];

		if (!above->inode)
			*above = *place;
		if (above->inode == place->inode && above->device == place->device)
			return 0;
	}
	return -E2BIG;
}

static int add_mount(struct cordon_guard *guard, uint32_t mount)
{
	for (size_t i = 0; i < ARRAY_SIZE(guard->mount); i++) {
		if (!guard->mount[i])
			guard->mount[i] = mount;
		if (guard->mount[i] == mount)
			return 0;
	}
	return -E2BIG;
}

/* What it is, and that what leads there stays. */
static int add_place(struct cordon_guard *guard, int program, const char *path,
		     struct cordon_guard_place *ret_place)
{
	struct cordon_guard_look look = { .steps = 0 };
	int error = look_at(program, path, &look);

	if (error)
		return error;
	for (uint32_t i = 0; i < look.steps && !error; i++) {
		error = i ? add_above(guard, &look.step[i].place) : 0;
		if (!error)
			error = add_mount(guard, look.step[i].mount);
	}
	*ret_place = look.step[0].place;
	return error;
}

struct cordon_path cordon_guard_tree_path(const struct cordon_context *context,
					  enum cordon_guard_tree tree)
{
	struct cordon_path pins;

	switch (tree) {
	case CORDON_GUARD_STATE:
		return cordon_path_root(context, "/var/lib/cordon");
	case CORDON_GUARD_TRUST:
		return cordon_path_root(context, "/etc/cordon/trust");
	case CORDON_GUARD_RUN:
		return cordon_path_root(context, "/run/cordon");
	default:
		snprintf(pins.text, sizeof(pins.text), "%s", context->bpffs);
		return pins;
	}
}

/* A folder that is not there yet could be made by anybody. */
static int add_tree(struct cordon_guard *guard, const struct cordon_context *context, int program,
		    enum cordon_guard_tree tree, struct cordon_failure *failure)
{
	const struct cordon_path path = cordon_guard_tree_path(context, tree);
	int error = cordon_folder_make(path.text, tree == CORDON_GUARD_TRUST ? 0755 : 0700);

	if (!error)
		error = add_place(guard, program, path.text, &guard->tree[tree]);
	return error ? cordon_fail(failure, error, "cannot guard %s: %s", path.text,
				   strerror(-error)) :
		       0;
}

static bool has_room(char (*room)[CORDON_GUARD_PATH], const char *path)
{
	return snprintf(*room, sizeof(*room), "%s", path) < (int)sizeof(*room);
}

static int add_folders(struct cordon_guard *guard, const struct cordon_context *context,
		       int program, struct cordon_failure *failure)
{
	const struct cordon_path links = cordon_path_pin(context, "links", "");
	const struct cordon_path lockdown = cordon_path_pin(context, "lockdown", "");
	const struct cordon_path inbox = cordon_path_root(context, "/var/lib/cordon/inbox");
	int error = 0;

	for (int i = 0; i < CORDON_GUARD_TREES && !error; i++)
		error = add_tree(guard, context, program, i, failure);
	if (error)
		return error;
	error = cordon_folder_make(inbox.text, 0700);
	if (!error)
		error = add_place(guard, program, inbox.text, &guard->inbox);
	if (!error &&
	    (!has_room(&guard->links, links.text) || !has_room(&guard->lockdown, lockdown.text)))
		error = -ENAMETOOLONG;
	return error ? cordon_fail(failure, error, "cannot guard %s and %s: %s", inbox.text,
				   links.text, strerror(-error)) :
		       0;
}

static int add_root(struct cordon_guard *guard, int program)
{
	struct cordon_guard_look look = { .steps = 0 };
	const int error = look_at(program, "/", &look);

	if (error)
		return error;
	guard->root = look.step[0].place;
	guard->root_mount = look.step[0].mount;
	guard->mounts = look.mounts;
	return 0;
}

static int digest_of(const char *path, uint8_t (*ret_digest)[32])
{
	FILE *file CLEANUP(fclose) = fopen(path, "re");
	struct cordon_digest digest;
	uint8_t room[16384];
	size_t size;

	if (!file)
		return -errno;
	cordon_digest_begin(&digest);
	while ((size = fread(room, 1, sizeof(room), file)))
		cordon_digest_add(&digest, room, size);
	if (ferror(file))
		return -EIO;
	cordon_digest_end(&digest, ret_digest);
	return 0;
}

/* By it a descriptor is told from another kind's. */
static int operations_of(int program, int fd, __u64 *ret_operations)
{
	struct cordon_guard_look look = { .steps = 0 };
	const int error = cordon_guard_look(program, fd, &look);

	if (!error)
		*ret_operations = look.operations;
	return error;
}

/* That of links is told when there is one. */
static int add_operations(struct cordon_guard *guard, const struct cordon_context *context,
			  int program)
{
	const int map CLEANUP(close) = cordon_guard_map_open(context, CORDON_GUARD_MAP_STATE);
	int error = map < 0 ? map : operations_of(program, map, &guard->map);

	return error ? error : operations_of(program, program, &guard->program);
}

/* As the kernel numbers it (MKDEV). */
static uint32_t device_of(const char *path)
{
	struct stat status;

	if (stat(path, &status) || !S_ISCHR(status.st_mode))
		return 0;
	return major(status.st_rdev) << 20 | minor(status.st_rdev);
}

static int fill(struct cordon_guard *guard, const struct cordon_context *context, int program,
		struct cordon_failure *failure)
{
	const int tasks CLEANUP(close) = cordon_guard_map_open(context, CORDON_GUARD_MAP_TASKS);
	int error = add_folders(guard, context, program, failure);

	if (error)
		return error;
	error = add_place(guard, program, HELPER, &guard->helper);
	if (!error)
		error = digest_of(HELPER, &guard->digest);
	if (!error)
		error = add_root(guard, program);
	if (!error)
		error = add_operations(guard, context, program);
	guard->tpm[0] = device_of(TPM_DEVICE_BARE);
	guard->tpm[1] = device_of(TPM_DEVICE);
	guard->look = cordon_pin_id(program);
	guard->tasks = cordon_pin_id(tasks);
	return error ? cordon_fail(failure, error, "cannot tell what is to be guarded: %s",
				   strerror(-error)) :
		       0;
}

int cordon_guard_load(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_guard guard = { .standing = 0 };
	int program CLEANUP(close) = -1;
	int error = cordon_object_guard(context, failure);

	if (error)
		return error;
	program = cordon_pin_open(context, CORDON_PIN_PROGS, "guard_look");
	error = program < 0 ? program : fill(&guard, context, program, failure);
	if (!error)
		error = cordon_guard_write(context, &guard);
	return error && !failure->text[0] ?
		       cordon_fail(failure, error, "cannot fill the guard's maps: %s",
				   strerror(-error)) :
		       error;
}

static void unpin_program(const struct cordon_context *context, const char *program)
{
	const struct cordon_path path = cordon_path_pin(context, "progs", program);

	unlink(path.text);
}

void cordon_guard_unload(const struct cordon_context *context)
{
	const char *program;

	for (size_t i = 0; (program = cordon_guard_program(i)); i++)
		unpin_program(context, program);
	for (size_t i = 0; (program = cordon_guard_question(i)); i++)
		unpin_program(context, program);
	for (int i = CORDON_GUARD_MAP_COUNT; i--;) {
		const struct cordon_path path =
			cordon_path_pin(context, "maps", cordon_guard_map_name(i));

		unlink(path.text);
	}
}
