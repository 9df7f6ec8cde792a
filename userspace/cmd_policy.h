/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Policy text to image, with its mistakes printed: what several commands do.
 */
#ifndef CORDON_CMD_POLICY_H
#define CORDON_CMD_POLICY_H

#include "command.h"
#include "session.h"
#include "util/cleanup.h"

/**
 * cmd_policy_compile() - read, check and compile a policy
 * @active_serial: its own must not be lower; 0: any will do
 * Return: 0; CORDON_EXIT_FAILED: mistakes were printed; -errno with failure.
 */
int cmd_policy_compile(const struct cordon_call *call, const char *path, uint64_t active_serial,
		       struct cordon_image **ret_image);

/** cmd_policy_need_no_signature() - Return: 0; -EPERM: unsigned policy is refused here */
int cmd_policy_need_no_signature(const struct cordon_call *call);

/**
 * cmd_policy_need_way_in() - the policy must leave a way in, and that by which its operator is
 *	connected now
 * Return: 0; -EPERM with @failure.
 */
int cmd_policy_need_way_in(const struct cordon_image *image, struct cordon_failure *failure);

/**
 * cmd_policy_apply() - put a compiled policy into force; a trial on an empty node begins
 *	with audit mode, which it lapses into
 * @ret_first: it did
 */
int cmd_policy_apply(const struct cordon_context *context, const struct cordon_apply *wish,
		     struct cordon_failure *failure, bool *ret_first);

/** cmd_policy_tell() - what became of the generation in force. Return: CORDON_EXIT_DONE */
int cmd_policy_tell(const struct cordon_call *call, const struct cordon_session *session,
		    const char *what);

#endif
