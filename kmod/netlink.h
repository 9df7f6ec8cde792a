/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family of <cordon/uapi/module.h>: the only way to speak to the module.
 */
#ifndef CORDON_KMOD_NETLINK_H
#define CORDON_KMOD_NETLINK_H

#include <cordon/uapi/module.h>

/** cordon_netlink_tell() - to the group, with the latch as it is now; may sleep; what cannot be
 * told is not
 * @error: 0, or -errno of an order
 */
void cordon_netlink_tell(enum cordon_module_news news, u32 before, int error);
int cordon_netlink_init(void);
void cordon_netlink_exit(void);

#endif
