// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module: what is begun, in order, and the same backwards.  It holds the latch where
 * root cannot write it, and keeps a backstop that enforces it alone.
 */
#include <linux/module.h>

#include "cordon.h"

/* While the node is shut only a start that failed, and rmmod -f, come here: see change() in
 * latch.c. */
static void cordon_exit(void)
{
	cordon_netlink_exit();
	cordon_watch_exit();
	cordon_gate_exit();
	cordon_hook_exit();
	cordon_keep_exit();
	cordon_setup_exit();
	cordon_latch_exit();
}

static int __init cordon_init(void)
{
	int error = cordon_netlink_init();

	if (error)
		return error;
	error = cordon_gate_init() ?: cordon_hook_init();
	if (error) {
		cordon_latch_gate(false);
		cordon_exit();
	}
	return error;
}

module_init(cordon_init);
module_exit(cordon_exit);

MODULE_DESCRIPTION("Cordon: the latch, and a backstop that holds it");
MODULE_LICENSE("GPL");
MODULE_VERSION("1");
