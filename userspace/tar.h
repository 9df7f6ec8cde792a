/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a tar archive, file by file, to whatever can be written to: ustar, with
 * GNU's headers for names that it has no room for.  All files are nobody's but
 * their reader's: mode 0600, owner 0.  It reads no archive.
 */
#ifndef CORDON_TAR_H
#define CORDON_TAR_H

#include <stdint.h>

#include "sign_digest.h"

/**
 * struct cordon_tar - an archive that is being written
 * @fd: not owned
 * @size: bytes so far
 * @mtime: that all files get, seconds since 1970
 * @digest: of all bytes so far
 */
struct cordon_tar {
	int fd;
	uint64_t size;
	int64_t mtime;
	struct cordon_digest digest;
};

void cordon_tar_begin(struct cordon_tar *tar, int fd, int64_t mtime);

/**
 * cordon_tar_add() - one file
 * @from: its bytes, from the start on; @size of them are there
 * @ret_digest: SHA-256 of these
 * Return: 0; -errno: the archive is no longer of use.
 */
int cordon_tar_add(struct cordon_tar *tar, const char *name, int from, uint64_t size,
		   uint8_t (*ret_digest)[32]);

/** cordon_tar_end() - @ret_digest: SHA-256 of the archive */
int cordon_tar_end(struct cordon_tar *tar, uint8_t (*ret_digest)[32]);

#endif
