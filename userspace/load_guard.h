/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What load_guard.c, load_known.c, load_guarded.c and attach_guard.c have in common; a seam of
 * theirs.
 */
#ifndef CORDON_LOAD_GUARD_H
#define CORDON_LOAD_GUARD_H

#include "guard.h"

/** cordon_guard_map_open() - a pinned map of the guard. Return: fd or -errno */
int cordon_guard_map_open(const struct cordon_context *context, enum cordon_guard_map map);

/** cordon_guard_mark() - this process is ours, or is not; @tasks: map TASKS, or -errno, which it
 *	returns. Return: 0 or -errno: -EPERM: to say so is not this process's */
int cordon_guard_mark(int tasks, bool ours);

/** cordon_guard_look() - what is behind a descriptor of ours
 * @program: guard_look
 */
int cordon_guard_look(int program, int fd, struct cordon_guard_look *ret_look);

/** cordon_guard_tree_path() - where one of our folders should be */
struct cordon_path cordon_guard_tree_path(const struct cordon_context *context,
					  enum cordon_guard_tree tree);

#endif
