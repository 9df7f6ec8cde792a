/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The store of `cordon seal`, before libc starts.
 *
 * Libc's own start asks the processor dozens of questions (CPUID), and in a
 * virtual machine each is answered by the hypervisor: 0.4 ms in which packets
 * pass.  So the entry point of the program is here.  It knows one command, and
 * of that only what main() will carry out for certain; anything else, a mistake
 * or a call for help, it leaves to main().
 */
#ifndef CORDON_START_H
#define CORDON_START_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct cordon_start_seal - `cordon seal` as the command line has it
 * @bpffs: points into the command line, or to CORDON_BPFFS_DEFAULT
 * @level: enum cordon_latch, not open
 */
struct cordon_start_seal {
	const char *bpffs;
	uint32_t level;
};

/** cordon_start_parse() - is @argv a `cordon seal` without a mistake? */
bool cordon_start_parse(char **argv, struct cordon_start_seal *ret_seal);

/** cordon_start_did_store() - was the latch tightened before main()?
 * @ret_before: the level until then
 */
bool cordon_start_did_store(uint32_t *ret_before);

#endif
