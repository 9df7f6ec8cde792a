/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules in force cut off, its owners are told: programs that hold a
 * connection which no packet can follow any more get an error instead of a
 * wait.  It is a courtesy after the act: the kernel's programs enforce, and
 * nothing here loosens, tightens or undoes what they do.
 */
#ifndef CORDON_CUT_H
#define CORDON_CUT_H

#include <stdbool.h>
#include <stdint.h>

#include "maps.h"

/**
 * struct cordon_cut - what was done
 * @seen: connected sockets of TCP and UDP that were looked at
 * @cut: whose owners were told (ECONNABORTED)
 * @failed: that the kernel would not destroy
 * @unsupported: this kernel cannot destroy sockets (CONFIG_INET_DIAG_DESTROY)
 * @elsewhere: another network namespace than this one is guarded
 */
struct cordon_cut {
	uint64_t seen;
	uint64_t cut;
	uint64_t failed;
	bool unsupported;
	bool elsewhere;
};

/**
 * cordon_cut_sockets() - destroy the sockets of this network namespace that the
 *	generation and latch in force permit in neither direction
 *
 * Without a policy those go that leave this machine, if it is latched.  Where
 * an interface decides, any interface will do: never is one destroyed that the
 * level permits.  Memory does not grow with the number of sockets.
 *
 * Return: 0, also where the kernel cannot; -errno with @failure and @ret_cut untouched: some
 *	may be cut.
 */
int cordon_cut_sockets(const struct cordon_maps *maps, struct cordon_failure *failure,
		       struct cordon_cut *ret_cut);

#endif
