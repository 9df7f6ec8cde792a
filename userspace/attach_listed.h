/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is listed at lockdown: programs with their libraries, secrets, keys.  A seam
 * within attach_*.c: bpf/lsm.bpf.c is attached, and refuses nothing yet.
 */
#ifndef CORDON_ATTACH_LISTED_H
#define CORDON_ATTACH_LISTED_H

#include "context.h"
#include "image.h"
#include "ledger.h"

/**
 * struct cordon_listed - where it is listed: the maps of bpf/lsm.bpf.c
 * @ledger: knows what the code was when the level was reached: a boot must not take another for it
 * @failure: what is listed in the policy and not there, or another one: the first of them
 */
struct cordon_listed {
	const struct cordon_context *context;
	const struct cordon_image *image;
	struct cordon_ledger *ledger;
	int lesson;
	int code;
	int keys;
	struct cordon_failure *failure;
};

/** cordon_listed_fill() - all that the image names.
 * Return: 0; -ENOTSUP: the kernel calls no BPF LSM program, or makes no digests (CONFIG_IMA);
 *	-errno: not all found room
 */
int cordon_listed_fill(struct cordon_listed *listed);

#endif
