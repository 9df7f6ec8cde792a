/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log's own key: on the node until its owner takes it away, then in a file
 * of his elsewhere.  Whoever has it can make the log anew, so it leaves the node
 * once, and what is left of it here is erased.
 */
#ifndef CORDON_LOG_ENROL_H
#define CORDON_LOG_ENROL_H

#include <stdint.h>

#include <cordon/log.h>

#include "util/failure.h"

/** struct cordon_log_key_text - as it is handed out: digits, newline, NUL */
struct cordon_log_key_text {
	char text[2 * CORDON_LOG_KEY_SIZE + 2];
};

/**
 * cordon_log_key_read() - from the file of who took it
 * Return: 0; -errno with @failure, which says what is wrong with it and where.
 */
int cordon_log_key_read(const char *path, struct cordon_failure *failure,
			uint8_t (*ret_secret)[CORDON_LOG_KEY_SIZE]);

/**
 * cordon_log_enrol_open() - the key that waits to be taken; nobody else can take it meanwhile
 * @folder: the log's, open
 * @path: its name
 * @ret_fd: close it
 * Return: 0; -ENOENT: no log was begun; -ENODATA: it was taken; -errno; with @failure.
 */
int cordon_log_enrol_open(int folder, const char *path, struct cordon_failure *failure, int *ret_fd,
			  struct cordon_log_key_text *ret_key);

/**
 * cordon_log_enrol_erase() - overwrite and remove it, once it is safe elsewhere
 * Return: 0; -errno with @failure: some of it may still be there.
 */
int cordon_log_enrol_erase(int folder, int fd, const char *path, struct cordon_failure *failure);

#endif
