/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The folder of a log: this node's own, or a copy of one. Does not look into what it holds.
 */
#ifndef CORDON_LOG_FOLDER_H
#define CORDON_LOG_FOLDER_H

#include "context.h"
#include "util/failure.h"

/** struct cordon_log_folder - @path: as it is said; @fd: open, -1: not */
struct cordon_log_folder {
	struct cordon_path path;
	int fd;
};

/**
 * cordon_log_folder_open()
 * @path: NULL: this node's own
 * Return: 0; -ENOENT: there is no log, which another folder than a log's is taken for, too;
 *	-errno; with @failure.
 */
int cordon_log_folder_open(const struct cordon_context *context, const char *path,
			   struct cordon_failure *failure, struct cordon_log_folder *ret_folder);
void cordon_log_folder_close(const struct cordon_log_folder *folder);

static inline void cleanup_log_folder(const struct cordon_log_folder *folder)
{
	cordon_log_folder_close(folder);
}

#endif
