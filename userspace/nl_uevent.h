/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's word of its devices: NETLINK_KOBJECT_UEVENT.  Who else writes to
 * such sockets is not heard.
 */
#ifndef CORDON_NL_UEVENT_H
#define CORDON_NL_UEVENT_H

#include <stddef.h>

/** cordon_nl_uevent_open() - close() it. Return: fd, which does not wait, or -errno */
int cordon_nl_uevent_open(void);

/**
 * cordon_nl_uevent_read() - the next message of the kernel
 * Return: bytes of it; -EAGAIN: there is none; -ENOBUFS: some were lost; -errno.
 */
int cordon_nl_uevent_read(int fd, char *text, size_t size);

#endif
