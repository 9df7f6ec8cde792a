// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dying on purpose, in test builds only (-DCORDON_FAULTS): at step number
 * $CORDON_KILL_AT, or telling each step on stderr if $CORDON_STEPS is set.
 */
#include "fault.h"

#ifdef CORDON_FAULTS

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void cordon_step(const char *name)
{
	static int steps;
	const char *at = getenv("CORDON_KILL_AT");
	const int step = __atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED);

	if (getenv("CORDON_STEPS"))
		fprintf(stderr, "step %d %s\n", step, name);
	if (at && atoi(at) == step)
		kill(getpid(), SIGKILL);
}

#else

/* ISO C wants a translation unit to declare something. */
typedef int cordon_no_faults;

#endif
