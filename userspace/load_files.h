/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Open files of all processes, by a program in the kernel: it needs no right to
 * look into them, and cannot be lied to in /proc.
 */
#ifndef CORDON_LOAD_FILES_H
#define CORDON_LOAD_FILES_H

#include <stdio.h>

/** cordon_list_files() - an object in JSON for each process; @state: NULL. Return: 0 or -errno */
int cordon_list_files(const void *state, FILE *file);

#endif
