/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this installation has to do with the kernel module, if there is one and it is ours: hand
 * over who may reopen the node and what is kept, shut and open with it.  Without it all of this
 * does nothing.
 */
#ifndef CORDON_MODULE_H
#define CORDON_MODULE_H

#include "context.h"
#include "nl_module.h"
#include "session.h"
#include "sign.h"

enum cordon_module_whose {
	CORDON_MODULE_NONE,
	CORDON_MODULE_OURS,
	CORDON_MODULE_ANOTHERS, /* set up by an installation with another root */
	CORDON_MODULE_MUTE,	/* it is loaded, and does not answer us: another version of it */
};

/** cordon_module_look() - @ret_state: valid of OURS and ANOTHERS */
enum cordon_module_whose cordon_module_look(const struct cordon_context *context,
					    struct cordon_module_state *ret_state);

/** cordon_module_level() - that it holds; open: also without it */
uint32_t cordon_module_level(const struct cordon_context *context);

/** cordon_module_seal() - which it refuses until it knows who may release; allocates nothing */
void cordon_module_seal(const struct cordon_context *context, uint32_t level);

/**
 * cordon_module_release() - what it says of an order
 * Return: 0: it is open, or there is none; -EPERM with @failure: it stays shut, or is mute.
 */
int cordon_module_release(const struct cordon_context *context, const void *cms, size_t size,
			  struct cordon_failure *failure);

/**
 * cordon_module_follow() - it knows the node, what is kept, and is as tight as the session's latch
 * @image: whose keep list it is; NULL: as it was
 */
void cordon_module_follow(const struct cordon_session *session, const struct cordon_image *image);

/** cordon_module_open_gate() - a policy, or a latch, is in force: the boot gate may open */
void cordon_module_open_gate(const struct cordon_session *session);

/** cordon_module_live() - a sign of life of the daemon. Return: the family of a module that is ours
 *	and answers; 0: there is none */
uint16_t cordon_module_live(const struct cordon_context *context);

/**
 * cordon_module_rest() - the programs go, and so they should: it waits for nobody
 * Return: 0, also if there is none; -EBUSY: it is shut; -errno; with @failure.
 */
int cordon_module_rest(const struct cordon_context *context, struct cordon_failure *failure);

/** cordon_module_tag() - of the keep list of this policy */
uint64_t cordon_module_tag(const struct cordon_settings *settings);

/** cordon_module_digest() - of all that it is set up with, so that a change since is seen */
void cordon_module_digest(const struct cordon_trust *trust, const char *node,
			  uint8_t (*ret_digest)[CORDON_SIGN_DIGEST_SIZE]);

#endif
