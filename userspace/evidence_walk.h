/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc, process by process, for evidence_*.c.  A process that ends meanwhile is
 * passed over.
 */
#ifndef CORDON_EVIDENCE_WALK_H
#define CORDON_EVIDENCE_WALK_H

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/** cordon_process_visitor - @folder: of the process, open until it returns */
typedef void (*cordon_process_visitor)(void *state, int folder, pid_t pid);

/** cordon_process_walk() - Return: 0; -errno: /proc cannot be read */
int cordon_process_walk(cordon_process_visitor visitor, void *state);

/**
 * cordon_process_walk_apart() - the same, in a child: of a process whose memory or program makes
 *	who looks at it wait, only that is told, and the others are looked at
 * @file: that the visitor writes to
 * @hides: set by the visitor, in the child: something is not ours to see
 * Return: 0; -EPERM: @hides; -ETIME: more than a few made it wait; -errno.
 */
int cordon_process_walk_apart(cordon_process_visitor visitor, void *state, FILE *file,
			      const bool *hides);

/** cordon_process_open() - a file of a process. Return: NULL and errno */
FILE *cordon_process_open(int folder, const char *name);

/** cordon_process_text() - the beginning of one, with a NUL behind it. Return: bytes, -1 and errno */
ssize_t cordon_process_text(int folder, const char *name, char *text, size_t room);

/** cordon_process_link() - where a link leads. Return: could it be read? If not: errno */
bool cordon_process_link(int folder, const char *name, char (*ret_target)[PATH_MAX]);

/** cordon_process_hides() - was the last one not ours to see, by errno? */
bool cordon_process_hides(void);

/** cordon_process_files() - its open files: closedir() it. Return: NULL and errno */
DIR *cordon_process_files(int folder);

#endif
