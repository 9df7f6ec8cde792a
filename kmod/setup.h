/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who this node is, who may reopen it, and whether an order does.  Closed once, it
 * does not change but for the counter, which only goes up.
 */
#ifndef CORDON_KMOD_SETUP_H
#define CORDON_KMOD_SETUP_H

#include <linux/types.h>

#include <cordon/uapi/module.h>

#include "order.h"

/**
 * struct cordon_setup - as the helper hands it over
 * @fleets: names with a space between two
 * @threshold: distinct keys that must sign
 * @has_challenge: a release must name @challenge
 */
struct cordon_setup {
	char owner[256];
	char node[64];
	char fleets[1024];
	u32 threshold;
	u64 counter;
	u64 boot;
	bool has_challenge;
	u8 challenge[CORDON_CHALLENGE_SIZE];
	u8 digest[32];
	u32 watch_seconds;
	u32 watch_latch;
};

/**
 * struct cordon_setup_look - for who tells it
 * @flags: CORDON_MODULE_IS_*
 */
struct cordon_setup_look {
	struct cordon_setup setup;
	u32 flags;
	u32 certificates;
};

void cordon_setup_look(struct cordon_setup_look *ret_look);

/* Each returns -EPERM once it is closed, or while the latch is shut. */
int cordon_setup_replace(const struct cordon_setup *setup);
int cordon_setup_certificate(const void *der, size_t size);
int cordon_setup_close(void);

/**
 * cordon_setup_release() - open the latch if the order is good
 * Return: 0, @ret_before is the level until then, open if this order opened it already; an
 *	errno of uapi/module.h.
 */
int cordon_setup_release(const void *cms, size_t size, u32 *ret_before);

/** cordon_setup_built_in() - certificates that came with the module. Return: 0; -errno */
int cordon_setup_built_in(void);
void cordon_setup_exit(void);

#endif
