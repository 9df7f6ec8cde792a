/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the policy in force says under `lockdown:`, and what of it there is on
 * this machine.  It changes nothing.
 */
#ifndef CORDON_LOCKDOWN_LOOK_H
#define CORDON_LOCKDOWN_LOOK_H

#include "context.h"
#include "image.h"

/**
 * cordon_lockdown_image() - the image of the policy in force; with nothing in the kernel, of that
 *	which a boot would load
 * Return: 0 and @ret_image, the caller's to free; -ENOENT: there is no policy; -errno; with
 *	@failure.
 */
int cordon_lockdown_image(const struct cordon_context *context, struct cordon_failure *failure,
			  struct cordon_image **ret_image);

/** cordon_lockdown_count() - entries of a kind */
size_t cordon_lockdown_count(const struct cordon_image *image, enum cordon_lockdown_kind kind);

/** cordon_lockdown_holds() - whether the level holds more than `isolate` does */
bool cordon_lockdown_holds(const struct cordon_image *image);

/**
 * cordon_lockdown_lack() - why an entry means nothing on this machine
 *
 * Keys come and go, and units are looked for among workloads' (cmd_check.c): neither is asked for.
 * @ret_lack: "program /usr/bin/x: there is none"
 * Return: whether there is something to say
 */
bool cordon_lockdown_lack(const struct cordon_context *context,
			  const struct cordon_image_lockdown *entry,
			  struct cordon_failure *ret_lack);

/** cordon_lockdown_user() - a user's number by /etc/passwd. Return: 0 or -ENOENT */
int cordon_lockdown_user(const struct cordon_context *context, const char *name, uint32_t *ret_uid);

#endif
