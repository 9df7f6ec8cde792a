/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What the kernel refuses at the level lockdown: programs that are not listed, and
 * the opening of secrets by others than their own.  Files are known by the numbers
 * that the kernel itself has of them: whoever lists them opens each, and the hook
 * of that opening writes them down.
 *
 * Integers are in host byte order.
 */
#ifndef CORDON_UAPI_LOCKDOWN_H
#define CORDON_UAPI_LOCKDOWN_H

#include <linux/types.h>

/** struct cordon_lockdown_file - key of both tables: an inode */
struct cordon_lockdown_file {
	__u64 device;
	__u64 inode;
};

/**
 * struct cordon_lockdown_right - of a program; of a secret only @opens counts
 * @opens: bit by secret: of a program, those that it may open; of a secret, its own
 * @starts: it may start
 */
struct cordon_lockdown_right {
	__u64 opens;
	__u32 starts;
	__u32 pad;
};

/* What is refused, and counted. */
enum cordon_lockdown_refusal {
	CORDON_LOCKDOWN_START,	 /* a program that is not listed, or was changed since */
	CORDON_LOCKDOWN_LIBRARY, /* code of a file that was changed since */
	CORDON_LOCKDOWN_OPEN,	 /* a secret */
	CORDON_LOCKDOWN_MOVE,	 /* a secret, to another name */
	CORDON_LOCKDOWN_REFUSALS
};

/* Secrets that can be told apart. */
#define CORDON_LOCKDOWN_SECRETS_MAX 63

enum cordon_lockdown_lesson {
	CORDON_LOCKDOWN_LEARN_NOTHING,
	CORDON_LOCKDOWN_LEARN_PROGRAM,
	CORDON_LOCKDOWN_LEARN_SECRET,
};

/**
 * struct cordon_lockdown_held - the only value of the map lockdown_held
 * @since: seconds since 1970: what was changed later is not what was listed
 * @learner: process whose opening of a file lists it, by @lesson, with @right; 0: nobody
 * @programs: only listed ones start; 0: all do
 * @generation: whose policy it is
 * @over: 1: nothing is refused any more; the kernel takes its time to let links go
 * @full: files that found no place
 * @refused: by enum cordon_lockdown_refusal
 */
struct cordon_lockdown_held {
	__s64 since;
	struct cordon_lockdown_right right;
	__u32 learner;
	__u32 lesson;
	__u32 programs;
	__u32 full;
	__u32 generation;
	__u32 over;
	__u64 refused[CORDON_LOCKDOWN_REFUSALS];
};

#endif
