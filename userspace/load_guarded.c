// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The helper may do what the guard refuses others.  So that nobody makes it do that
 * by other folders than those that are guarded, it compares them before it begins.
 */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "load_guard.h"
#include "util/array.h"
#include "util/cleanup.h"

/* PROC_USER_INIT_INO of include/linux/proc_ns.h */
#define FIRST_USER_NAMESPACE 0xeffffffdU

/* Return: 0; -ENOENT: it is none that stands; -errno. */
static int read_guard(int map, struct cordon_guard *ret_guard)
{
	struct bpf_map_info info = { 0 };
	__u32 size = sizeof(info);
	const uint32_t zero = 0;
	int error = bpf_map_get_info_by_fd(map, &info, &size);

	if (error)
		return error;
	if (strcmp(info.name, CORDON_GUARD_MAP) != 0 || info.type != BPF_MAP_TYPE_ARRAY ||
	    info.value_size != sizeof(*ret_guard))
		return -ENOENT;
	error = bpf_map_lookup_elem(map, &zero, ret_guard);
	return error || ret_guard->standing ? error : -ENOENT;
}

/* As may_look() in bpf/guard_bpf.h sees it; whatever else forbids a process to look leaves it ours.
 */
static bool may_be_ours(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	struct stat first;

	if (syscall(SYS_capget, &header, data))
		return true;
	return data[0].effective >> CAP_SYS_ADMIN & 1 &&
	       (stat("/proc/self/ns/user", &first) || first.st_ino == FIRST_USER_NAMESPACE);
}

static bool is_listed(__u32 id)
{
	__u32 next;

	return !bpf_map_get_next_id(id - 1, &next) && next == id;
}

/*
 * By its name among all maps: its pin may be out of sight.  A map that goes meanwhile is none, and
 * one that others made of this name the guard hides from whoever is ours: see is_decoy() in
 * bpf/guard_bpf.h, and may_look() there.
 *
 * Return: 0; -ENOENT: none stands, or this process is not ours, as it may not look at all; -EACCES:
 *	none is seen, but somebody hides a map; -errno: it is not known whether one does.
 */
static int find_guard(struct cordon_guard *ret_guard)
{
	LIBBPF_OPTS(bpf_get_fd_by_id_opts, options, .open_flags = BPF_F_RDONLY);
	bool hidden = false;
	__u32 id = 0;
	int error;

	while (!(error = bpf_map_get_next_id(id, &id))) {
		const int map CLEANUP(close) = bpf_map_get_fd_by_id_opts(id, &options);

		error = map < 0 ? map : read_guard(map, ret_guard);
		if (error != -ENOENT)
			return error;
		hidden |= map < 0 && is_listed(id);
	}
	if (error == -ENOENT && hidden)
		return -EACCES;
	return error == -ENOSYS || (error == -EPERM && !may_be_ours()) ? -ENOENT : error;
}

static int fail_looking(struct cordon_failure *failure, int error)
{
	return cordon_fail(failure, error, "cannot look for a guard among the kernel's maps: %s",
			   strerror(-error));
}

static bool is_same(const struct cordon_guard_place *a, const struct cordon_guard_place *b)
{
	return a->device == b->device && a->inode == b->inode;
}

/* By names that others cannot make lead elsewhere once it was looked at: folders above ours stay,
 * but a symbolic link need not be in one.  The node's own paths are its owner's to lay out. */
static int open_tree(const struct cordon_context *context, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC };
	int fd;

	if (!cordon_context_is_node(context)) {
		how.resolve = RESOLVE_NO_SYMLINKS;
		if (path[0] != '/' || strstr(path, ".."))
			return -EXDEV;
	}
	fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	if (fd >= 0)
		return fd;
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? -EXDEV : -errno;
}

/* Another, as of a bind, could be taken away again. */
static bool is_kept_mount(const struct cordon_guard *guard, uint32_t mount)
{
	for (size_t i = 0; i < ARRAY_SIZE(guard->mount); i++) {
		if (guard->mount[i] == mount)
			return true;
	}
	return false;
}

static int compare(const struct cordon_guard *guard, int program, int fd,
		   enum cordon_guard_tree tree)
{
	struct cordon_guard_look look = { .steps = 0 };
	const int error = cordon_guard_look(program, fd, &look);

	if (error)
		return error;
	if (!is_same(&look.step[0].place, &guard->tree[tree]))
		return -EXDEV;
	for (uint32_t i = 0; i < look.steps; i++) {
		if (!is_kept_mount(guard, look.step[i].mount))
			return -EXDEV;
	}
	return 0;
}

static int check_tree(const struct cordon_guard *guard, const struct cordon_context *context,
		      int program, enum cordon_guard_tree tree, struct cordon_failure *failure)
{
	const struct cordon_path path = cordon_guard_tree_path(context, tree);
	const int fd CLEANUP(close) = open_tree(context, path.text);
	const int error = program < 0 ? program : fd < 0 ? fd : compare(guard, program, fd, tree);

	if (error == -EPERM)
		return cordon_fail(failure, error,
				   "the guard does not take this process for cordon's: it was "
				   "traced, confined or probed, or sees other mounts (cordon(8), "
				   "THE GUARD)");
	if (error == -EXDEV)
		return cordon_fail(failure, error,
				   "%s is not what this machine's guard guards: run this without "
				   "--root and --bpffs, where the node's own files are seen",
				   path.text);
	return error ? cordon_fail(failure, error, "cannot look whether the guard guards %s: %s",
				   path.text, strerror(-error)) :
		       0;
}

int cordon_guard_check(const struct cordon_context *context, struct cordon_failure *failure)
{
	struct cordon_guard guard;
	int program CLEANUP(close) = -1;
	int error = find_guard(&guard);

	if (error)
		return error == -ENOENT ? 0 : fail_looking(failure, error);
	program = bpf_prog_get_fd_by_id(guard.look);
	for (int tree = 0; tree < CORDON_GUARD_TREES && !error; tree++)
		error = check_tree(&guard, context, program, tree, failure);
	return error;
}

/* The guard's state, whose name nobody else's map has, says which map knows who is ours. */
int cordon_guard_renounce(struct cordon_failure *failure)
{
	struct cordon_guard guard;
	int tasks CLEANUP(close) = -1;
	int error = find_guard(&guard);

	if (error)
		return error == -ENOENT ? 0 : fail_looking(failure, error);
	tasks = bpf_map_get_fd_by_id(guard.tasks);
	error = cordon_guard_mark(tasks, false);
	/* Who may not write there is not ours, and has nothing to renounce. */
	return !error || error == -EPERM ?
		       0 :
		       cordon_fail(failure, -EPERM,
				   "the guard still takes this for cordon's own work, which it is "
				   "not: %s",
				   strerror(-error));
}

/* What is behind the descriptor does not matter. */
void cordon_guard_shelter(const struct cordon_context *context)
{
	const int map CLEANUP(close) = cordon_guard_map_open(context, CORDON_GUARD_MAP_CGROUPS);
	struct cordon_guard_look look = { .steps = 0 };
	struct cordon_guard guard;
	const uint32_t one = 1;
	int program CLEANUP(close) = -1;

	if (map < 0 || cordon_guard_read(context, &guard))
		return;
	program = bpf_prog_get_fd_by_id(guard.look);
	if (program < 0 || cordon_guard_look(program, map, &look))
		return;
	for (int i = 0; i < CORDON_GUARD_CGROUPS && look.cgroup[i]; i++)
		bpf_map_update_elem(map, &look.cgroup[i], &one, BPF_ANY);
}

bool cordon_guard_holds(const struct cordon_context *context, int fd)
{
	struct cordon_guard guard;
	struct cordon_guard_look look = { .steps = 0 };
	int program CLEANUP(close) = -1;

	if (cordon_guard_read(context, &guard) || !guard.standing)
		return false;
	program = bpf_prog_get_fd_by_id(guard.look);
	if (program < 0 || cordon_guard_look(program, fd, &look))
		return true;
	for (uint32_t i = 0; i < look.steps; i++) {
		for (int j = 0; j < CORDON_GUARD_TREES; j++) {
			if (is_same(&look.step[i].place, &guard.tree[j]))
				return true;
		}
	}
	return false;
}
