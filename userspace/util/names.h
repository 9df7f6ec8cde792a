/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names looked up in constant time, and the name that was probably meant when
 * there is none.
 */
#ifndef CORDON_UTIL_NAMES_H
#define CORDON_UTIL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cordon_names_slot;

/** struct cordon_names - (scope, name) to a number; a zeroed one is empty */
struct cordon_names {
	struct cordon_names_slot *slots;
	size_t room;
	size_t used;
};

/**
 * cordon_names_add() - add a name
 * @scope: the same name may stand in two scopes
 * @text: not copied; must outlive @names
 * @ret_former: value of the name if it is there already
 * Return: 0, -EEXIST, -ENOMEM.
 */
int cordon_names_add(struct cordon_names *names, uint32_t scope, const char *text, size_t value,
		     size_t *ret_former);

bool cordon_names_find(const struct cordon_names *names, uint32_t scope, const char *text,
		       size_t *ret_value);

void cordon_names_clear(struct cordon_names *names);

/**
 * struct cordon_nearest - the name nearest to a misspelt one
 * @wanted: the misspelt one
 * @best: NULL while none is near enough
 * @distance: its distance; only read by cordon_nearest_offer()
 */
struct cordon_nearest {
	const char *wanted;
	const char *best;
	size_t distance;
};

/** cordon_nearest_offer() - one more candidate; must outlive @nearest */
void cordon_nearest_offer(struct cordon_nearest *nearest, const char *name);

#endif
