/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A child that does what may take for ever: it is waited for, but not for longer than that.
 */
#ifndef CORDON_UTIL_CHILD_H
#define CORDON_UTIL_CHILD_H

#include <stdbool.h>
#include <stdint.h>

/** cordon_child_tells() - waits until a pipe, or a pidfd, has something or has ended; false: for so
 * long */
bool cordon_child_tells(int fd, uint64_t until_ns);

/**
 * cordon_child_wait() - for a child, for so long; then it is killed
 * Return: its exit status; -ETIME: it was killed, or cannot even be; -EIO: it died; -errno.
 * @ret_gone: it is no more
 */
int cordon_child_wait(int pid, uint64_t until_ns, bool *ret_gone);

#endif
