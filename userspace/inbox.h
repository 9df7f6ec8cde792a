/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inbox: files that are put into /var/lib/cordon/inbox, or lie on a medium
 * that is mounted on a folder there (its first 64), become known as soon as
 * nobody writes to them any more, once each.  It reads and removes none of them.
 */
#ifndef CORDON_INBOX_H
#define CORDON_INBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "context.h"

struct cordon_inbox;

/**
 * struct cordon_inbox_file - one file, known for the first time or tried again
 * @fd: open for reading; the taker's
 * @own: it lies in the inbox itself, not on a medium
 * @again: cordon_inbox_retry() was called for it
 * @place: of what is known about it
 */
struct cordon_inbox_file {
	struct cordon_path path;
	int fd;
	bool own;
	bool again;
	size_t place;
};

/** cordon_inbox_open() - Return: 0, -errno with @failure */
int cordon_inbox_open(const struct cordon_context *context, struct cordon_failure *failure,
		      struct cordon_inbox **ret_inbox);
void cordon_inbox_close(struct cordon_inbox *inbox);

/** cordon_inbox_fd() - readable: look */
int cordon_inbox_fd(const struct cordon_inbox *inbox);

/**
 * cordon_inbox_next() - look again, in a folder that is made if it is not there, and take a file
 * that was not known yet, or whose pause is over Return: true and @ret_file; false: there is none.
 */
bool cordon_inbox_next(struct cordon_inbox *inbox, struct cordon_inbox_file *ret_file);

/**
 * cordon_inbox_retry() - it comes once more after a pause: 1 second, and twice as long each time,
 *	at most 5 minutes
 * @file: what cordon_inbox_next() gave last
 */
void cordon_inbox_retry(struct cordon_inbox *inbox, const struct cordon_inbox_file *file);

#endif
