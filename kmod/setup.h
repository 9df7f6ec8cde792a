/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who this node is, who may reopen it, and whether an order does.  Closed once, it
 * does not change but for the counter, which only goes up.
 */
#ifndef CORDON_KMOD_SETUP_H
#define CORDON_KMOD_SETUP_H

#include <linux/types.h>

#include <cordon/uapi/module.h>

/** cordon_setup_is_closed() - somebody may release, for good; until then
 * neither silence nor the gate's time seals */
bool cordon_setup_is_closed(void);
void cordon_setup_tell(struct cordon_module_state *state);

/* Each returns -EPERM once it is closed, or while the latch is shut. */
int cordon_setup_replace(const struct cordon_module_setup *setup);
int cordon_setup_certificate(const void *der, size_t size);
/** cordon_setup_close() - Return: also -ENOKEY: nobody could open it */
int cordon_setup_close(void);

/**
 * cordon_setup_release() - open the latch if the order is good
 * Return: 0, @ret_before is the level until then, open if this order opened it already; an
 *	errno of uapi/module.h.
 */
int cordon_setup_release(const void *cms, size_t size, u32 *ret_before);
void cordon_setup_exit(void);

#endif
