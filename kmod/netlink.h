/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family of <cordon/uapi/module.h>: the only way to speak to the module.
 */
#ifndef CORDON_KMOD_NETLINK_H
#define CORDON_KMOD_NETLINK_H

#include <cordon/uapi/module.h>

/** cordon_netlink_tell() - to the group; may sleep; what cannot be told is not */
void cordon_netlink_tell(enum cordon_module_event event, u32 before, u32 after);
int cordon_netlink_init(void);
void cordon_netlink_exit(void);

#endif
