/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader maps for a program: the loader itself, and the libraries that the
 * program and they need, by what their files say.  What a program opens by itself
 * later on (dlopen(3)) nobody can tell.
 */
#ifndef CORDON_LIBRARIES_H
#define CORDON_LIBRARIES_H

#include <stddef.h>

#include "context.h"

/** struct cordon_libraries - paths below --root, each once; zeroed but for @context, then kept from
 *	program to program.  Free with cordon_libraries_clear()
 * @cache: the loader's own list of what it finds where; NULL: not read yet, or there is none
 */
struct cordon_libraries {
	const struct cordon_context *context;
	char **path;
	size_t nr;
	char *cache;
	size_t cache_size;
};

/**
 * cordon_libraries_add() - what a program or library needs, and what that needs in turn
 *
 * A name that the loader may find at more than one place is added with all of them: which one it
 * takes depends on the processor.
 * Return: 0, also if @path is no ELF file or some of it is found nowhere; -ENOMEM
 */
int cordon_libraries_add(struct cordon_libraries *libraries, const char *path);

/** cordon_libraries_list() - a library, or all files of a folder, and what they need. Return: 0 or
 *	-ENOMEM */
int cordon_libraries_list(struct cordon_libraries *libraries, const char *path);

void cordon_libraries_clear(struct cordon_libraries *libraries);

static inline void cleanup_libraries(struct cordon_libraries *libraries)
{
	cordon_libraries_clear(libraries);
}

#endif
