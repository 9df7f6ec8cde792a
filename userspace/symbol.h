/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a function of a shared library begins in its file, for probes.
 */
#ifndef CORDON_SYMBOL_H
#define CORDON_SYMBOL_H

#include <stdint.h>

/**
 * cordon_symbol_offset() - of a function that an ELF file exports, whatever its version
 * Return: 0; -ENOENT: there is no such function; -EBADMSG: not such a file; -errno.
 */
int cordon_symbol_offset(const char *path, const char *function, uint64_t *ret_offset);

#endif
