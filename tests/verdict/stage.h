/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the tables of verdicts play: one node with three interfaces, the same
 * on the host and in the kernel.  Nothing but data.
 */
#ifndef CORDON_TESTS_STAGE_H
#define CORDON_TESTS_STAGE_H

#include <stdint.h>

#define STAGE_INTERFACES 3
#define STAGE_ADDRESS_SIZE 16

/** struct stage_interface - the node's addresses there; the subnets are routed to it */
struct stage_interface {
	const char *name;
	const char *ipv4; /* of a /24 */
	const char *ipv6; /* of a /64 */
};

/* The first one also has the default routes. */
static const struct stage_interface stage_interfaces[STAGE_INTERFACES] = {
	{ "wan0", "10.1.0.1", "fd01::1" },
	{ "lan0", "10.2.0.1", "fd02::1" },
	{ "dev0", "10.3.0.1", "fd03::1" },
};

/* Of each of the node's interfaces, and of a bridge's other end. */
#define STAGE_ETHER                                                                                \
	{                                                                                          \
		2, 0, 0, 0, 0, 1                                                                   \
	}
#define STAGE_ETHER_TEXT "02:00:00:00:00:01"

#define STAGE_GATEWAY_IPV4 "10.1.0.254"
#define STAGE_GATEWAY_IPV6 "fd01::fe"

/** stage_address() - its 4 or 16 bytes, network byte order */
void stage_address(const char *text, uint8_t *ret_bytes);

#endif
