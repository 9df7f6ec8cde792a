/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scope owns it frees when it ends; what leaves a scope is taken out by
 * name.  Nothing here but the attributes and TAKE.
 *
 *	char *text CLEANUP(free) = NULL;
 *	int fd CLEANUP(close) = -1;
 *	...
 *	*ret_text = TAKE(text);
 *	return 0;
 */
#ifndef CORDON_UTIL_CLEANUP_H
#define CORDON_UTIL_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(name) __attribute__((cleanup(cleanup_##name)))

/* DEFINE_CLEANUP(policy, struct cordon_policy *, cordon_policy_free) makes
 * CLEANUP(policy); the function takes NULL. */
#define DEFINE_CLEANUP(name, type, function)                                                       \
	static inline void cleanup_##name(type *owned)                                             \
	{                                                                                          \
		if (*owned)                                                                        \
			function(*owned);                                                          \
	}

static inline void cleanup_free(void *owned)
{
	free(*(void **)owned);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

DEFINE_CLEANUP(fclose, FILE *, fclose)
DEFINE_CLEANUP(folder, DIR *, closedir)

/* The value moves to the taker; the variable no longer owns it. */
#define TAKE(owner)                                                                                \
	__extension__({                                                                            \
		__typeof__(owner) taken_ = (owner);                                                \
		(owner) = NULL;                                                                    \
		taken_;                                                                            \
	})

#define TAKE_FD(owner)                                                                             \
	__extension__({                                                                            \
		int taken_ = (owner);                                                              \
		(owner) = -1;                                                                      \
		taken_;                                                                            \
	})

#endif
