/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benchmarks and the program that varies their packets share.
 */
#ifndef CORDON_TESTS_BENCH_SPREAD_H
#define CORDON_TESTS_BENCH_SPREAD_H

#include <linux/types.h>

#define SPREAD_SAMPLES 65536

/** struct spread_sample - ends of one packet, network byte order */
struct spread_sample {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
	__u32 pad;
};

/**
 * struct spread_state - which sample comes next
 * @next: the next one
 * @random: of xorshift, not 0
 * @turn: index of the one after it, if @in_order
 * @fresh_ports: each packet has a random source port: another flow
 * @mac: where the send program sends to
 */
struct spread_state {
	struct spread_sample next;
	__u64 random;
	__u32 turn;
	__u32 in_order;
	__u32 fresh_ports;
	__u8 mac[6];
	__u8 pad[6];
};

#endif
