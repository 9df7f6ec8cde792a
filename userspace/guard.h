/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guard, as userspace raises it, looks at it and takes it down: programs on the
 * kernel's security hooks that refuse others what would harm cordon (uapi/guard.h).
 * It holds for the whole machine, so only the node's own installation raises it,
 * or, where the kernel's command line says `cordon.guard=on`, whichever comes first.
 */
#ifndef CORDON_GUARD_H
#define CORDON_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/uapi/guard.h>

#include "context.h"

/* X(NAME, "pin and map name"); made with the guard, and gone with it */
#define CORDON_GUARD_MAPS(X)                                                                       \
	X(STATE, CORDON_GUARD_MAP)                                                                 \
	X(TASKS, "guard_tasks")                                                                    \
	X(OBJECTS, "guard_objects")                                                                \
	X(TOLD, "guard_told")                                                                      \
	X(CGROUPS, "guard_cgroups")                                                                \
	X(REFUSED, "guard_refused")

enum cordon_guard_map {
#define CORDON_GUARD_MAP_ENUM(name, text) CORDON_GUARD_MAP_##name,
	CORDON_GUARD_MAPS(CORDON_GUARD_MAP_ENUM)
#undef CORDON_GUARD_MAP_ENUM
	CORDON_GUARD_MAP_COUNT
};

const char *cordon_guard_map_name(enum cordon_guard_map map);

/** enum cordon_guard_standing - is there one? */
enum cordon_guard_standing {
	CORDON_GUARD_STANDS,
	CORDON_GUARD_HALF,     /* some of it: what is not there is in @why */
	CORDON_GUARD_FAILED,   /* it could not be raised, see @why */
	CORDON_GUARD_NOT_YET,  /* cordon run raises it */
	CORDON_GUARD_NO_LSM,   /* the kernel has no BPF LSM, or it is off */
	CORDON_GUARD_KEPT_OFF, /* by the kernel's command line */
	CORDON_GUARD_PRIVATE,  /* --root or --bpffs is not the node's own */
};

/**
 * struct cordon_guard_view - what a look at it tells
 * @hooks: that are attached
 * @refused: acts of others, since it was raised
 * @unknown: starts of the helper that were not taken for ours, and why (enum cordon_guard_doubt)
 * @full: objects of ours that it has no room for
 * @older: programs of others from before it that may meddle with us; the first has id @oldest
 */
struct cordon_guard_view {
	enum cordon_guard_standing standing;
	unsigned int hooks;
	uint64_t refused;
	uint64_t unknown;
	uint64_t full;
	uint32_t doubt;
	uint32_t older;
	uint32_t oldest;
	char why[256];
};

struct cordon_settings;

/** cordon_guard_closes_from() - level from which on only cordon may change the kernel, as
 * guard_closed() of the programs has it; @settings: of the policy in force, or NULL */
uint32_t cordon_guard_closes_from(const struct cordon_settings *settings);

void cordon_guard_view_read(const struct cordon_context *context,
			    struct cordon_guard_view *ret_view);

/** cordon_guard_text() - what it means, for a person, without a newline */
void cordon_guard_text(const struct cordon_guard_view *view, char *ret_text, size_t size);

/** cordon_guard_doubt_text() - why a start of the helper was not taken for one, or "?" */
const char *cordon_guard_doubt_text(uint32_t doubt);

/** cordon_guard_standing_name() - one word */
const char *cordon_guard_standing_name(enum cordon_guard_standing standing);

/**
 * cordon_guard_raise() - all of it or nothing; takes the lock
 *
 * One that stands stays as it is.
 * Return: 0, also where there is to be none; -errno with @failure, which is kept for status: it
 *	could not be raised, and nothing of it is left.
 */
int cordon_guard_raise(const struct cordon_context *context, struct cordon_failure *failure);

/**
 * cordon_guard_lower() - none of it is left; under the lock
 *
 * By one store it does nothing any more; then it is taken away.  Who may ask for it is the caller's
 * to know.
 * Return: 0, also if there is none; -errno with @failure.
 */
int cordon_guard_lower(const struct cordon_context *context, struct cordon_failure *failure);

/** cordon_guard_stands() - one does, and it is that of this context's pins */
bool cordon_guard_stands(const struct cordon_context *context);

/**
 * cordon_guard_check() - what this process is about to use is what the guard guards
 *
 * Else the helper, which may do all, would do it by somebody else's files.
 * Return: 0, also if no guard stands; with @failure -EXDEV; -EPERM: this process is not ours;
 *	-errno: it cannot look.
 */
int cordon_guard_check(const struct cordon_context *context, struct cordon_failure *failure);

/**
 * cordon_guard_renounce() - this process is ours no more: it writes where it is told to
 *
 * Whichever guard it is: --bpffs does not say which.
 * Return: 0, also if no guard stands; -EPERM with @failure: it would act as ours; -errno with
 *	@failure: it cannot look.
 */
int cordon_guard_renounce(struct cordon_failure *failure);

/** cordon_guard_shelter() - the control groups that this process is in, and those above, are nobody
 *	else's to freeze, limit or end, if a guard stands; for the daemon and its hand */
void cordon_guard_shelter(const struct cordon_context *context);

/** cordon_guard_forget() - numbers of our maps, programs and links that are gone; each that was
 *	ever made takes room, for the daemon to give back */
void cordon_guard_forget(const struct cordon_context *context);

/** cordon_guard_holds() - an open file is one that the guard keeps from others */
bool cordon_guard_holds(const struct cordon_context *context, int fd);

/* ---- load_guard.c and load_known.c, for attach_guard.c ------------------------------------ */

/** cordon_guard_load() - maps and programs, pinned, and what they have to know; not standing */
int cordon_guard_load(const struct cordon_context *context, struct cordon_failure *failure);

/** cordon_guard_read(), _write() - its state. Return: 0; -ENOENT: there is none; -errno */
int cordon_guard_read(const struct cordon_context *context, struct cordon_guard *ret_guard);
int cordon_guard_write(const struct cordon_context *context, const struct cordon_guard *guard);

/** cordon_guard_know() - what is pinned, and all that belongs to it, is ours; what is gone is not;
 *	and families of generic netlink that are others' */
int cordon_guard_know(const struct cordon_context *context);

/** cordon_guard_unload() - pins of its programs and maps */
void cordon_guard_unload(const struct cordon_context *context);

/* guard_program.c */

/** cordon_guard_program() - the programs in the order in which they are attached; NULL: no more */
const char *cordon_guard_program(size_t index);

/** cordon_guard_question() - programs that are attached to nothing, and run by who asks; NULL: no
 * more */
const char *cordon_guard_question(size_t index);

#endif
