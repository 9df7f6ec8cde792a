/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place where a test may kill or stop us: cordon_step("what was just done").
 * In a build with -DCORDON_FAULTS the process kills itself with SIGKILL at the
 * step whose running number, or name, is in $CORDON_KILL_AT, and stops itself at
 * that in $CORDON_STOP_AT; in any other build it is nothing at all.
 */
#ifndef CORDON_FAULT_H
#define CORDON_FAULT_H

#ifdef CORDON_FAULTS
void cordon_step(const char *name);
#else
static inline void cordon_step(const char *name)
{
	(void)name;
}
#endif

#endif
