/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * That the guard was raised, taken down or kept off, and which sockets were cut under it, told in
 * the log; see tell.h.
 */
#ifndef CORDON_TELL_GUARD_H
#define CORDON_TELL_GUARD_H

#include <cordon/uapi/guard.h>

#include "context.h"

/** cordon_tell_guard() - @why: it does not stand, "" */
void cordon_tell_guard(const struct cordon_context *context, enum cordon_guard_change how,
		       const char *why);

/** cordon_tell_cut() - a socket past the packet path was, or a module; @cut is all but its head
 * @program: its process's program file, or the module
 */
void cordon_tell_cut(const struct cordon_context *context, const struct cordon_event_cut *cut,
		     const char *program);

#endif
