/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel says of a BPF program that anybody loaded.
 */
#ifndef CORDON_PROBE_PROGRAM_H
#define CORDON_PROBE_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "context.h"

/** struct cordon_probe_program - @type: enum bpf_prog_type */
struct cordon_probe_program {
	uint32_t type;
	char name[16];
};

/** cordon_probe_program() - by its number. Return: 0; -ENOENT: it is gone again; -errno */
int cordon_probe_program(uint32_t id, struct cordon_probe_program *ret_program);

/** cordon_probe_program_type() - "xdp"; "?": not known to this version */
const char *cordon_probe_program_type(uint32_t type);

/** cordon_probe_program_is_ours() - are its instructions, of which the kernel made the tag, those
 *	of one that is pinned below --bpffs? */
bool cordon_probe_program_is_ours(const struct cordon_context *context, const uint8_t tag[8]);

#endif
