/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All BPF programs, maps and links of the machine, whoever loaded them, an
 * object in JSON a line.  It changes none.
 */
#ifndef CORDON_LOAD_LIST_H
#define CORDON_LOAD_LIST_H

#include <stdio.h>

/** cordon_list_programs() - @state: NULL. Return: 0 or -errno */
int cordon_list_programs(const void *state, FILE *file);
int cordon_list_maps(const void *state, FILE *file);
int cordon_list_links(const void *state, FILE *file);

#endif
