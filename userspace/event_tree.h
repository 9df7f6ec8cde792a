/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of one boot as trees: who started whom, when, what it ran and
 * how it ended.  Its memory is bounded: what ended and nobody asks for goes first,
 * and processes beyond that are counted.
 */
#ifndef CORDON_EVENT_TREE_H
#define CORDON_EVENT_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "event_shape.h"

struct cordon_event_tree;

/** cordon_event_tree_new() - Return: NULL: no memory */
struct cordon_event_tree *cordon_event_tree_new(void);
void cordon_event_tree_free(struct cordon_event_tree *tree);

/**
 * cordon_event_tree_take() - the next record, of any type
 * @wanted: what somebody asks for: its process is shown with all that it is below
 *	and all that is below it
 */
void cordon_event_tree_take(struct cordon_event_tree *tree, const struct cordon_event_view *view,
			    bool wanted);

/** cordon_event_tree_print() - what is wanted; then it is empty, for the next boot
 * @json: an object a line, else text
 * Return: processes for which there was no room.
 */
uint64_t cordon_event_tree_print(struct cordon_event_tree *tree, FILE *file, bool json);

#endif
