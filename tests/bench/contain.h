/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What contain_helper and the program on its receiving socket share.
 */
#ifndef CORDON_TESTS_BENCH_CONTAIN_H
#define CORDON_TESTS_BENCH_CONTAIN_H

#include <linux/types.h>

/** struct contain_arrival - @packets so far, and CLOCK_MONOTONIC of the last one */
struct contain_arrival {
	__u64 packets;
	__u64 time;
};

#endif
