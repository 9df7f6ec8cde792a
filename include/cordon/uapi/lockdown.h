/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * What the kernel refuses at the level lockdown: programs and code of files that are
 * not listed, and the opening of secrets by others than their own.  Files are known
 * by the numbers that the kernel itself has of them, programs and libraries by the
 * digest that it makes of them, too: whoever lists a file opens it, or maps it, and
 * the hook of that writes it down.
 *
 * Integers are in host byte order.
 */
#ifndef CORDON_UAPI_LOCKDOWN_H
#define CORDON_UAPI_LOCKDOWN_H

#include <linux/types.h>

/** struct cordon_lockdown_file - an inode; key of what is listed */
struct cordon_lockdown_file {
	__u64 device;
	__u64 inode;
};

/**
 * struct cordon_lockdown_right - of a file that is code
 * @opens: bit by secret, those that it may open
 * @starts: it may start; 0: it may be mapped
 * @algorithm: of @digest, as the kernel numbers them
 * @digest: its first 32 bytes
 */
struct cordon_lockdown_right {
	__u64 opens;
	__u32 starts;
	__s32 algorithm;
	__u8 digest[32];
};

/** struct cordon_lockdown_key - a key or keyring of the kernel, as /proc/keys has it; NULs behind */
struct cordon_lockdown_key {
	char type[24];
	char description[232];
};

/* What is refused, and counted. */
enum cordon_lockdown_refusal {
	CORDON_LOCKDOWN_START, /* a program that is not listed, is another one, or is traced */
	CORDON_LOCKDOWN_CODE,  /* of a file that is not listed, or is another one */
	CORDON_LOCKDOWN_OPEN,  /* a secret */
	CORDON_LOCKDOWN_NAME,  /* another name for a secret, or for a program */
	CORDON_LOCKDOWN_WRITE, /* to what is listed as code */
	CORDON_LOCKDOWN_TRACE, /* a process, or feign which program it runs */
	CORDON_LOCKDOWN_REFUSALS
};

/* Secrets that can be told apart. */
#define CORDON_LOCKDOWN_SECRETS_MAX 63

/** struct cordon_lockdown_held - the only value of the map lockdown_held
 * @programs: only listed ones start, and only listed code runs; 0: all do
 * @generation: whose policy it is
 * @over: 1: nothing is refused any more; the kernel takes its time to let links go
 * @refused: by enum cordon_lockdown_refusal
 */
struct cordon_lockdown_held {
	__u32 programs;
	__u32 generation;
	__u32 over;
	__u32 pad;
	__u64 refused[CORDON_LOCKDOWN_REFUSALS];
};

enum cordon_lockdown_lesson_kind {
	CORDON_LOCKDOWN_LEARN_NOTHING,
	CORDON_LOCKDOWN_LEARN_CODE,   /* what the learner maps */
	CORDON_LOCKDOWN_LEARN_SECRET, /* what it opens */
};

/* cordon_lockdown_lesson.result, until the hook was called */
#define CORDON_LOCKDOWN_UNHEARD 1

/** struct cordon_lockdown_lesson - the only value of the map lockdown_lesson: what is listed next
 * @right: that it gets, beside what it has; then, of code, with its digest
 * @file: then, what was listed
 * @learner: process that lists it; 0: nobody
 * @kind: enum cordon_lockdown_lesson_kind
 * @result: UNHEARD; then 0, or -errno: it is not listed
 */
struct cordon_lockdown_lesson {
	struct cordon_lockdown_right right;
	struct cordon_lockdown_file file;
	__u32 learner;
	__u32 kind;
	__s32 result;
	__u32 pad;
};

/** struct cordon_lockdown_task - of each thread of a process that started a program since
 * @program: which
 * @opens: bit by secret
 */
struct cordon_lockdown_task {
	struct cordon_lockdown_file program;
	__u64 opens;
};

#endif
