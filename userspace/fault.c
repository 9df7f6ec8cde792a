// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dying or stopping on purpose, in test builds only (-DCORDON_FAULTS); telling each
 * step on stderr if $CORDON_STEPS is set.
 */
#include "fault.h"

#ifdef CORDON_FAULTS

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_at(const char *variable, const char *name, int step)
{
	const char *at = getenv(variable);

	return at && (atoi(at) == step || !strcmp(at, name));
}

void cordon_step(const char *name)
{
	static int steps;
	const int step = __atomic_add_fetch(&steps, 1, __ATOMIC_RELAXED);

	if (getenv("CORDON_STEPS"))
		fprintf(stderr, "step %d %s\n", step, name);
	if (is_at("CORDON_KILL_AT", name, step))
		kill(getpid(), SIGKILL);
	if (is_at("CORDON_STOP_AT", name, step))
		raise(SIGSTOP);
}

#else

/* ISO C wants a translation unit to declare something. */
typedef int cordon_no_faults;

#endif
