/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are: the options that every command takes, the paths that
 * follow from them, and the one lock.  Knows nothing of policies or kernels.
 */
#ifndef CORDON_CONTEXT_H
#define CORDON_CONTEXT_H

#include <limits.h>
#include <stdbool.h>

#include "util/failure.h"

#define CORDON_BPFFS_DEFAULT "/sys/fs/bpf/cordon"

/**
 * struct cordon_context - set once from the command line, then only read
 * @root: before /etc/cordon, /var/lib/cordon and /run/cordon; "" by default
 * @bpffs: folder of the pins
 * @cgroup: cgroup2 folder to attach to, NULL: the root, found in the mounts
 * @json: for programs instead of for people
 * @reads: the command only looks at what stands, and gave up the guard's trust, if there is one
 */
struct cordon_context {
	const char *root;
	const char *bpffs;
	const char *cgroup;
	bool json;
	bool reads;
};

/** cordon_context_take() - take the common options out of a command line
 * @argc: of @argv; both are changed in place
 * Return: 0, -EINVAL with @failure.
 */
int cordon_context_take(struct cordon_context *context, int *argc, char **argv,
			struct cordon_failure *failure);

/** cordon_context_is_node() - the node's own folders: no --root, no --bpffs */
bool cordon_context_is_node(const struct cordon_context *context);

/** struct cordon_path - a path by value; too long a one is cut and then not found */
struct cordon_path {
	char text[PATH_MAX];
};

/** cordon_path_root() - below --root: cordon_path_root(c, "/run/cordon/lock") */
struct cordon_path cordon_path_root(const struct cordon_context *context, const char *absolute);

/** cordon_path_pin() - below --bpffs: cordon_path_pin(c, "maps", "control") */
struct cordon_path cordon_path_pin(const struct cordon_context *context, const char *folder,
				   const char *name);

/** cordon_folder_make() - mkdir with all that leads to it. Return: 0 or -errno */
int cordon_folder_make(const char *path, unsigned int mode);

/**
 * cordon_lock_take() - the right to change state, in the order in which it is asked for
 *
 * It is waited for, 2 seconds at most.
 * @ret_fd: close it to let go
 * Return: 0; -EBUSY: another has it; -errno; @failure says which.
 */
int cordon_lock_take(const struct cordon_context *context, struct cordon_failure *failure,
		     int *ret_fd);

/**
 * cordon_daemon_claim() - be the daemon: held until the file is closed
 * Return: 0, -EBUSY if there is one, -errno; @failure says which.
 */
int cordon_daemon_claim(const struct cordon_context *context, struct cordon_failure *failure,
			int *ret_fd);

/** cordon_daemon_pid() - process id of the running daemon, 0: none */
int cordon_daemon_pid(const struct cordon_context *context);

/** cordon_hand_claim(), cordon_hand_pid() - the same of the daemon's hand (daemon_hand.h) */
int cordon_hand_claim(const struct cordon_context *context, struct cordon_failure *failure,
		      int *ret_fd);
int cordon_hand_pid(const struct cordon_context *context);

#endif
