// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Modules that send past the packet path are unloaded; see sender.h.
 */
#include "sender.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tell_guard.h"
#include "util/array.h"
#include "util/cleanup.h"

/* @targets: folder of configfs where each folder keeps the module from being unloaded */
static const struct sender {
	const char *module;
	const char *targets;
} senders[] = {
	{ "pktgen", NULL },
	{ "netconsole", "netconsole" },
};

/* Wherever it is mounted, or not at all, and whatever is mounted over it. */
static int open_system(const char *type)
{
	const int context CLEANUP(close) = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	if (context < 0 || syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -errno;
	return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0);
}

/* Not one that is part of the kernel: nobody can unload that. Where it cannot be seen, it may be. */
static bool is_loaded(const struct sender *sender)
{
	const int system CLEANUP(close) = open_system("sysfs");
	char path[64];

	snprintf(path, sizeof(path), "module/%s/initstate", sender->module);
	return system < 0 || !faccessat(system, path, F_OK, 0);
}

static void remove_targets(const struct sender *sender)
{
	const int configfs CLEANUP(close) = open_system("configfs");
	int fd CLEANUP(close) = -1;
	DIR *folder CLEANUP(folder) = NULL;
	const struct dirent *entry;

	if (configfs >= 0)
		fd = openat(configfs, sender->targets, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	folder = fd < 0 ? NULL : fdopendir(TAKE_FD(fd));
	while (folder && (entry = readdir(folder))) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
	}
}

/* Return: 0: it was unloaded; -errno */
static int unload(const struct sender *sender)
{
	if (sender->targets)
		remove_targets(sender);
	return syscall(SYS_delete_module, sender->module, O_NONBLOCK) ? -errno : 0;
}

static int fail_left(const struct sender *sender, int error, struct cordon_failure *failure)
{
	if (error == -EPERM)
		return cordon_fail(failure, error,
				   "the module %s sends past the packet path, and who asks may not "
				   "unload it: it takes CAP_SYS_MODULE",
				   sender->module);
	return cordon_fail(failure, -EBUSY, "the module %s sends past the packet path: unload it",
			   sender->module);
}

int cordon_sender_stop(const struct cordon_context *context, struct cordon_failure *failure)
{
	const struct cordon_event_cut cut = { .how = CORDON_CUT_MODULE };
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
		const int error = is_loaded(&senders[i]) ? unload(&senders[i]) : -ENOENT;

		if (!error)
			cordon_tell_cut(context, &cut, senders[i].module);
		else if (error != -ENOENT)
			result = fail_left(&senders[i], error, failure);
	}
	return result;
}

int cordon_sender_look(struct cordon_failure *failure)
{
	for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
		if (is_loaded(&senders[i]))
			return fail_left(&senders[i], -EBUSY, failure);
	}
	return 0;
}
