// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What sends past the packet path by itself is stopped; see sender.h.
 */
#include "sender.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tell_guard.h"
#include "util/array.h"
#include "util/child.h"
#include "util/cleanup.h"
#include "util/clock.h"

#define STOP "stop\n"
#define STOP_NS 5000000000ULL

/* Wherever it is mounted, or not at all, and whatever is mounted over it. */
static int open_system(const char *type)
{
	const int context CLEANUP(close) = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
}

typedef void (*visitor)(void *state, int above, const char *name);

static void each_folder(int above, const char *name, visitor visit, void *state)
{
	int fd CLEANUP(close) = openat(above, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder CLEANUP(folder) = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!folder)
		return;
	(void)TAKE_FD(fd);
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] != '.' && entry->d_type != DT_REG)
			visit(state, dirfd(folder), entry->d_name);
	}
}

/* ---- netconsole --------------------------------------------------------------------------- */

static void remove_folder(void *state, int above, const char *name)
{
	(void)state;
	unlinkat(above, name, AT_REMOVEDIR);
}

/* Its folder keeps the module from being unloaded, and the folders in it (from 6.9 on) keep that
 * one; files of it that are open tell nobody anything any more. */
static void remove_target(void *state, int targets, const char *name)
{
	const int target CLEANUP(close) = openat(targets, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const int enabled CLEANUP(close) =
		target < 0 ? -1 : openat(target, "enabled", O_WRONLY | O_CLOEXEC);

	if (enabled >= 0)
		(void)!write(enabled, "0\n", 2);
	if (target >= 0)
		each_folder(target, "userdata", remove_folder, state);
	remove_folder(state, targets, name);
}

static void stop_netconsole(void)
{
	const int configfs CLEANUP(close) = open_system("configfs");

	if (configfs >= 0)
		each_folder(configfs, "netconsole", remove_target, NULL);
}

/* ---- pktgen ------------------------------------------------------------------------------- */

/* struct tour - of namespaces; @seen: that were entered */
struct tour {
	int proc;
	ino_t *seen;
	size_t nr;
};

static bool is_new(struct tour *tour, ino_t inode)
{
	ino_t *entry;

	for (size_t i = 0; i < tour->nr; i++) {
		if (tour->seen[i] == inode)
			return false;
	}
	entry = array_push(tour->seen, tour->nr);
	if (entry)
		*entry = inode;
	return true;
}

/* pktgen goes by where its writer is. */
static void stop_in(void *state, int threads, const char *name)
{
	struct tour *tour = state;
	int namespace CLEANUP(close) = -1, fd CLEANUP(close) = -1;
	struct stat status;
	char path[300];

	snprintf(path, sizeof(path), "%s/ns/net", name);
	namespace = openat(threads, path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0 || fstat(namespace, &status) || !is_new(tour, status.st_ino) ||
	    setns(namespace, CLONE_NEWNET))
		return;
	fd = openat(tour->proc, "self/net/pktgen/pgctrl", O_WRONLY | O_CLOEXEC);
	if (fd >= 0)
		(void)!write(fd, STOP, strlen(STOP));
}

/* Each thread may be in one of its own. */
static void stop_for(void *state, int above, const char *name)
{
	const int process CLEANUP(close) = openat(above, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (process >= 0)
		each_folder(process, "task", stop_in, state);
}

/* In a child, as it goes into other namespaces. Who wrote "start" waits for the end of it, whether
 * he keeps the file or not. */
static void stop_pktgen(void)
{
	const pid_t child = fork();
	struct tour tour = { .nr = 0 };
	bool gone;

	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		tour.proc = open_system("proc");
		if (tour.proc >= 0)
			each_folder(tour.proc, ".", stop_for, &tour);
		_exit(0);
	}
	if (child > 0)
		cordon_child_wait(child, cordon_clock_ns() + STOP_NS, &gone);
}

/* ---- both --------------------------------------------------------------------------------- */

/* @stuck: what it means that it cannot be unloaded, once it was stopped */
static const struct sender {
	const char *module;
	void (*stop)(void);
	int stuck;
} senders[] = {
	{ "pktgen", stop_pktgen, -EBUSY },
	{ "netconsole", stop_netconsole, -EPERM },
};

/* Where it cannot be seen, it may be. @file: of one that can be unloaded, or of any */
static bool is_there(const struct sender *sender, const char *file)
{
	const int system CLEANUP(close) = open_system("sysfs");
	char path[64];

	snprintf(path, sizeof(path), "module/%s/%s", sender->module, file);
	return system < 0 || !faccessat(system, path, F_OK, 0);
}

static int fail_left(const struct sender *sender, int error, struct cordon_failure *failure)
{
	if (error == -EPERM)
		return cordon_fail(
			failure, error,
			"the module %s, which sends past the packet path, cannot be "
			"unloaded: that takes CAP_SYS_MODULE, and kernel.modules_disabled "
			"must be 0",
			sender->module);
	return cordon_fail(failure, sender->stuck,
			   "the module %s sends past the packet path: unload it", sender->module);
}

int cordon_sender_stop(const struct cordon_context *context, struct cordon_failure *failure)
{
	const struct cordon_event_cut cut = { .how = CORDON_CUT_MODULE };
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
		if (!is_there(&senders[i], "."))
			continue;
		senders[i].stop();
		if (!is_there(&senders[i], "initstate"))
			continue;
		if (!syscall(SYS_delete_module, senders[i].module, O_NONBLOCK))
			cordon_tell_cut(context, &cut, senders[i].module);
		else if (errno != ENOENT && result != -EBUSY)
			result = fail_left(&senders[i], -errno, failure);
	}
	return result;
}

int cordon_sender_look(struct cordon_failure *failure)
{
	for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
		if (is_there(&senders[i], "initstate"))
			return fail_left(&senders[i], -EBUSY, failure);
	}
	return 0;
}
