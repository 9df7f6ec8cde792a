/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files by which a node is taken over or kept: accounts, sudoers, sshd, units,
 * cron, PAM, and our own policy and trust.  Who changes one is told, with what is
 * in it then.  It decides nothing, and reads no more of a file than its digest.
 */
#ifndef CORDON_WATCH_FILES_H
#define CORDON_WATCH_FILES_H

#include <stdint.h>

#include <cordon/uapi/event.h>

#include "context.h"

struct cordon_watch_files;

/** cordon_watch_teller - gets each record */
typedef void (*cordon_watch_teller)(void *state, struct cordon_event *event);

/**
 * cordon_watch_files_open() - below the context's root
 * Return: 0; -errno with @failure: this kernel or file system tells of no changes.
 */
int cordon_watch_files_open(const struct cordon_context *context, cordon_watch_teller teller,
			    void *state, struct cordon_failure *failure,
			    struct cordon_watch_files **ret_files);
void cordon_watch_files_close(struct cordon_watch_files *files);

/** cordon_watch_files_fd() - readable: cordon_watch_files_read() */
int cordon_watch_files_fd(const struct cordon_watch_files *files);
void cordon_watch_files_read(struct cordon_watch_files *files);

/** cordon_watch_files_lost() - how often since the last call the kernel had no room for changes */
uint64_t cordon_watch_files_lost(struct cordon_watch_files *files);

/** cordon_watch_files_look() - now and then: folders that have come are watched, too */
void cordon_watch_files_look(struct cordon_watch_files *files);

#endif
