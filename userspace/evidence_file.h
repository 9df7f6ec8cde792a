/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file that has its name once it is whole and on stable storage, and none
 * before: who kills its writer finds nothing of it; on file systems that know no
 * file without a name, one that is hidden.  It takes no other's place.
 */
#ifndef CORDON_EVIDENCE_FILE_H
#define CORDON_EVIDENCE_FILE_H

#include <stdbool.h>

#include "context.h"

/**
 * struct cordon_new_file - being written; abandon it, or finish it first
 * @folder: that it will be in, open
 * @fd: to write to
 * @other: if its name is taken "-2", "-3" ... goes before its ".tar"; @path says so then
 * @aside: its name until it has its own, where a file system knows no files without one; ""
 * elsewhere
 */
struct cordon_new_file {
	struct cordon_path path;
	int folder;
	int fd;
	bool other;
	char aside[64];
};

struct cordon_new_file cordon_new_file_none(void);

/** cordon_new_file_begin() - @path: what it will be called. Return: 0; -EEXIST; -errno */
int cordon_new_file_begin(const char *path, bool other, struct cordon_new_file *ret_file);

/** cordon_new_file_finish() - it has its name. Return: 0; -EEXIST; -errno */
int cordon_new_file_finish(struct cordon_new_file *file);

void cordon_new_file_abandon(struct cordon_new_file *file);

#endif
