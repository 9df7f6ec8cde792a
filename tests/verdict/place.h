/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the tables of verdicts play: one node with three interfaces, the same
 * on the host and in the kernel.  Nothing but data.
 */
#ifndef CORDON_TESTS_PLACE_H
#define CORDON_TESTS_PLACE_H

#include <stdint.h>

#define PLACE_INTERFACES 3
#define PLACE_ADDRESS_SIZE 16

/** struct place_interface - the node's addresses there; the subnets are routed to it */
struct place_interface {
	const char *name;
	const char *ipv4; /* of a /24 */
	const char *ipv6; /* of a /64 */
};

/* The first one also has the default routes. */
static const struct place_interface place_interfaces[PLACE_INTERFACES] = {
	{ "wan0", "10.1.0.1", "fd01::1" },
	{ "lan0", "10.2.0.1", "fd02::1" },
	{ "dev0", "10.3.0.1", "fd03::1" },
};

#define PLACE_GATEWAY_IPV4 "10.1.0.254"
#define PLACE_GATEWAY_IPV6 "fd01::fe"

/** place_address() - its 4 or 16 bytes, network byte order */
void place_address(const char *text, uint8_t *ret_bytes);

#endif
