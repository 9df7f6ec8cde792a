/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sockets that send and receive past the packet path, of all processes and in
 * every network namespace, as the kernel itself goes through them.
 */
#ifndef CORDON_LOAD_BYPASS_H
#define CORDON_LOAD_BYPASS_H

#include <stddef.h>

#include <cordon/uapi/guard.h>

/** cordon_bypass_list() - one for each descriptor, for each piece of memory, for each that nobody
 * has by either (CORDON_BYPASS_HIDDEN), and for who could hold such (CORDON_BYPASS_HOLDER)
 * @ret_found: NULL; then what was found, the caller's to free, also where it is not all
 * Return: 0; -ETIMEDOUT: some process does not let its memory be gone through; -errno
 */
int cordon_bypass_list(struct cordon_bypass **ret_found, size_t *ret_nr);

#endif
