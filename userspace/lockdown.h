/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the lockdown level holds down on this machine, beyond the network: programs,
 * secrets, units, logins, the console, USB input.  It follows the latch: at `lockdown` what the
 * policy in force lists is held, again at every look; at any other level what was
 * changed is as it was.
 */
#ifndef CORDON_LOCKDOWN_H
#define CORDON_LOCKDOWN_H

#include <cordon/uapi/lockdown.h>

#include "context.h"
#include "image.h"
#include "ledger.h"

/** struct cordon_lockdown - one who follows; zeroed but for @context, then kept from look to look
 * @image: of @generation, as it was read
 */
struct cordon_lockdown {
	const struct cordon_context *context;
	struct cordon_image *image;
	uint32_t generation;
};

void cordon_lockdown_clear(struct cordon_lockdown *lockdown);

static inline void cleanup_lockdown(struct cordon_lockdown *lockdown)
{
	cordon_lockdown_clear(lockdown);
}

/**
 * cordon_lockdown_follow() - hold, or let go; under cordon_destroy_lock()
 * Return: 0; -errno with @failure: some of it is not as it should be, and is tried again at the
 *	next look
 */
int cordon_lockdown_follow(struct cordon_lockdown *lockdown, struct cordon_failure *failure);

/** cordon_lockdown_once() - the same by a command, which takes the lock; where it is held, the hand
 *	does it.  Return: also -EBUSY: it is held, and there is no hand */
int cordon_lockdown_once(const struct cordon_context *context, struct cordon_failure *failure);

/**
 * cordon_lockdown_boot() - as a node that is at `lockdown` starts: what the kernel holds of it,
 *	before the hand does, and holds the rest
 * Return: 0; -errno with @failure
 */
int cordon_lockdown_boot(const struct cordon_context *context, struct cordon_failure *failure);

/*
 * The parts, each its file: attach_lockdown.c, lockdown_unit.c, lockdown_login.c,
 * lockdown_input.c.
 * hold: Return: 0 or -errno with @failure.  let_go: of one line of the ledger, if it is this
 * part's; what is gone meanwhile is let go.
 */
struct cordon_lockdown_part {
	int (*hold)(const struct cordon_image *image, struct cordon_ledger *ledger,
		    struct cordon_failure *failure);
	int (*let_go)(const struct cordon_context *context, const struct cordon_ledger_line *line);
	void (*end)(const struct cordon_context *context, const struct cordon_ledger *ledger);
};

extern const struct cordon_lockdown_part cordon_lockdown_programs; /* attach_lockdown.c */
extern const struct cordon_lockdown_part cordon_lockdown_units;
extern const struct cordon_lockdown_part cordon_lockdown_logins;
extern const struct cordon_lockdown_part cordon_lockdown_inputs;

/** cordon_lockdown_refused() - what the kernel refused since it holds programs and secrets
 * @ret_refused: by enum cordon_lockdown_refusal
 * Return: 0; -ENOENT: it holds none; -errno */
int cordon_lockdown_refused(const struct cordon_context *context,
			    uint64_t (*ret_refused)[CORDON_LOCKDOWN_REFUSALS]);

/** cordon_lockdown_write() - a line into a file of the kernel's that is there. Return: 0 or
 *	-errno */
int cordon_lockdown_write(const char *path, const char *text);

/** cordon_lockdown_read() - the first line of such a file. Return: 0 or -errno */
int cordon_lockdown_read(const char *path, char *ret_text, size_t size);

/**
 * cordon_lockdown_processes() - each process, by its folder below /proc
 * @visitor: gets the folder, open
 */
void cordon_lockdown_processes(const struct cordon_context *context,
			       void (*visitor)(void *state, int folder, int pid), void *state);

#endif
