/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One function for each difference between kernels, with the version in which
 * it went away.  Nothing else in bpf/ asks for a version.
 */
#ifndef CORDON_BPF_COMPAT_H
#define CORDON_BPF_COMPAT_H

#include "core.h"

/* Verdicts of a traffic control program.  TC_ACT_UNSPEC lets the next filter
 * decide on clsact (before 6.6) and is TCX_NEXT on tcx (from 6.6): others'
 * programs on the same interface keep their say. */
#define TC_VERDICT_PASS (-1)
#define TC_VERDICT_DROP 2

/* bpf_fib_lookup() results; from 4.18 */
static __always_inline bool fib_says_forward(long result)
{
	/* No neighbour yet and too big for the next link still mean forward;
	 * so do routes that refuse, which must not look like the node. */
	return result == BPF_FIB_LKUP_RET_SUCCESS || result == BPF_FIB_LKUP_RET_BLACKHOLE ||
	       result == BPF_FIB_LKUP_RET_UNREACHABLE || result == BPF_FIB_LKUP_RET_PROHIBIT ||
	       result == BPF_FIB_LKUP_RET_NO_NEIGH || result == BPF_FIB_LKUP_RET_FRAG_NEEDED ||
	       result == BPF_FIB_LKUP_RET_UNSUPP_LWT;
}

#endif
