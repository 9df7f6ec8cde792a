// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The cgroup2 tree, by the file system alone.
 */
#include "cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util/cleanup.h"

/* include/uapi/linux/magic.h: CGROUP2_SUPER_MAGIC */
#define CGROUP2_MAGIC 0x63677270
/* include/linux/exportfs.h: FILEID_KERNFS; the handle is the 64-bit id. */
#define HANDLE_KERNFS 0xfe

/* Finds in /proc/self/mounts the cgroup2 mount that leads to @path (NULL: the first). */
static int find_mount(const char *path, char (*ret_mount)[PATH_MAX])
{
	FILE *mounts CLEANUP(fclose) = fopen("/proc/self/mounts", "re");
	char line[PATH_MAX + 256], folder[PATH_MAX], type[64];
	size_t best = 0;

	if (!mounts)
		return -errno;
	while (fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %4095s %63s", folder, type) != 2 || strcmp(type, "cgroup2"))
			continue;
		if (path && strncmp(path, folder, strlen(folder)))
			continue;
		if (strlen(folder) <= best)
			continue;
		best = strlen(folder);
		memcpy(*ret_mount, folder, best + 1);
		if (!path)
			break;
	}
	return best ? 0 : -ENOENT;
}

static int read_id(const char *path, uint64_t *ret_id)
{
	struct stat status;

	if (stat(path, &status))
		return -errno;
	*ret_id = status.st_ino;
	return 0;
}

static int find_given(const char *wanted, struct cordon_failure *failure,
		      struct cordon_cgroup_root *root)
{
	struct statfs fs;
	char mount[PATH_MAX];

	if (!realpath(wanted, root->path))
		return cordon_fail(failure, -errno, "cgroup %s: %s", wanted, strerror(errno));
	if (statfs(root->path, &fs) || fs.f_type != CGROUP2_MAGIC || find_mount(root->path, &mount))
		return cordon_fail(failure, -ENOTDIR, "%s is not in a cgroup2 file system", wanted);
	root->mount = (unsigned int)strlen(mount);
	return 0;
}

int cordon_cgroup_find(const struct cordon_context *context, struct cordon_failure *failure,
		       struct cordon_cgroup_root *ret_root)
{
	struct cordon_cgroup_root root = { .mount = 0 };
	int error;

	if (context->cgroup)
		error = find_given(context->cgroup, failure, &root);
	else
		error = find_mount(NULL, &root.path);
	if (error)
		return cordon_fail(failure, error,
				   "no cgroup2 is mounted: mount -t cgroup2 none /sys/fs/cgroup");
	if (!context->cgroup)
		root.mount = (unsigned int)strlen(root.path);
	error = read_id(root.path, &root.id);
	if (error)
		return cordon_fail(failure, error, "cgroup %s: %s", root.path, strerror(-error));
	*ret_root = root;
	return 0;
}

int cordon_cgroup_open(const struct cordon_cgroup_root *root)
{
	const int fd = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static bool ends_in_slice(const char *name, size_t length)
{
	static const char slice[] = ".slice";

	return length > sizeof(slice) - 1 &&
	       !memcmp(name + length - (sizeof(slice) - 1), slice, sizeof(slice) - 1);
}

bool cordon_cgroup_is_unit(const char *path)
{
	const char *slash;

	for (path++; (slash = strchr(path, '/')); path = slash + 1) {
		if (!ends_in_slice(path, (size_t)(slash - path)))
			return false;
	}
	return *path;
}

struct walk {
	cordon_cgroup_visitor visitor;
	void *state;
	char path[PATH_MAX]; /* below the mount, without a '/' at its end */
};

static uint64_t visit(struct walk *walk, uint64_t id, uint64_t above)
{
	const char *path = walk->path[0] ? walk->path : "/";
	const struct cordon_cgroup cgroup = {
		.id = id,
		.path = path,
		.name = strrchr(path, '/') + 1,
		.unit = cordon_cgroup_is_unit(path),
		.above = above,
	};

	return walk->visitor(walk->state, &cgroup);
}

static void walk_folder(struct walk *walk, int fd, uint64_t above);

static void walk_entry(struct walk *walk, DIR *folder, const struct dirent *entry, uint64_t above)
{
	const size_t length = strlen(walk->path);
	uint64_t mark;
	int fd;

	if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
		return;
	if (length + strlen(entry->d_name) + 2 > sizeof(walk->path))
		return;
	fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	sprintf(walk->path + length, "/%s", entry->d_name);
	mark = visit(walk, entry->d_ino, above);
	walk_folder(walk, fd, mark);
	walk->path[length] = '\0';
}

/* Owns @fd. The depth is bounded by the path's length. */
static void walk_folder(struct walk *walk, int fd, uint64_t above)
{
	DIR *folder = fdopendir(fd);
	const struct dirent *entry;

	if (!folder) {
		close(fd);
		return;
	}
	while ((entry = readdir(folder)))
		walk_entry(walk, folder, entry, above);
	closedir(folder);
}

int cordon_cgroup_walk(const struct cordon_cgroup_root *root, cordon_cgroup_visitor visitor,
		       void *state)
{
	struct walk walk = { .visitor = visitor, .state = state };
	const int fd = cordon_cgroup_open(root);

	if (fd < 0)
		return fd;
	snprintf(walk.path, sizeof(walk.path), "%s", root->path + root->mount);
	walk_folder(&walk, fd, visit(&walk, root->id, 0));
	return 0;
}

int cordon_cgroup_path(const struct cordon_cgroup_root *root, uint64_t id,
		       char (*ret_path)[PATH_MAX])
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(uint64_t)];
	} wanted = { .handle = { .handle_bytes = sizeof(id), .handle_type = HANDLE_KERNFS } };
	int mount CLEANUP(close) = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd CLEANUP(close) = -1;
	char link[64], path[PATH_MAX];
	ssize_t size;

	if (mount < 0)
		return -errno;
	memcpy(wanted.room + sizeof(struct file_handle), &id, sizeof(id));
	fd = open_by_handle_at(mount, &wanted.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size < 0)
		return -errno;
	path[size] = '\0';
	snprintf(*ret_path, sizeof(*ret_path), "%s",
		 (size_t)size > root->mount ? path + root->mount : "/");
	return 0;
}

int cordon_cgroup_exists(const struct cordon_cgroup_root *root, const char *path)
{
	char whole[2 * PATH_MAX];
	uint64_t id;

	snprintf(whole, sizeof(whole), "%.*s%s", (int)root->mount, root->path, path);
	return read_id(whole, &id);
}
