/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command did, told in the ring of enforcement (bpf/tell.bpf.c), from
 * where it comes into the log: at once if the daemon runs, else when somebody next
 * writes it down.  Nothing that is done depends on whether it could be told.
 */
#ifndef CORDON_TELL_H
#define CORDON_TELL_H

#include <stdint.h>

#include <cordon/uapi/event.h>

#include "context.h"

/** cordon_tell() - Return: 0; -ENOENT: cordon is not loaded; -ENOBUFS: the ring is full, which is
 *	counted; -errno. */
int cordon_tell(const struct cordon_context *context, const struct cordon_event *event);

/** cordon_tell_latch() - it is at another level
 * @by, @reason: for people
 */
void cordon_tell_latch(const struct cordon_context *context, uint32_t before, uint32_t after,
		       const char *by, const char *reason);

/** cordon_tell_policy() - another generation is in force; @policy is all but its head and @uid */
void cordon_tell_policy(const struct cordon_context *context,
			const struct cordon_event_policy *policy);

/**
 * cordon_tell_order() - it was carried out or refused
 * @order: all but its head
 * @action: what it orders
 * @by: who signed it
 * @refusal: "" if it was carried out
 * @why: of a refusal, or what is not as it should be
 */
void cordon_tell_order(const struct cordon_context *context, const struct cordon_event_order *order,
		       const char *action, const char *by, const char *refusal, const char *why);

/** cordon_tell_receipt() - one was kept; @receipt is all but its head */
void cordon_tell_receipt(const struct cordon_context *context,
			 const struct cordon_event_receipt *receipt, const char *name);

/**
 * cordon_tell_evidence() - it was captured, or with @files 0, is about to be deleted
 * @evidence: all but its head and @uid
 * @by: whose order it was, "" if nobody's
 */
int cordon_tell_evidence(const struct cordon_context *context,
			 const struct cordon_event_evidence *evidence, const char *path,
			 const char *by, const char *reason);

#endif
