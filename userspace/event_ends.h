/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ends of what went over a network, in words and in fields of the
 * schema, the same for all records that have them.
 */
#ifndef CORDON_EVENT_ENDS_H
#define CORDON_EVENT_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include <cordon/uapi/policy.h>

#include "ecs.h"

/**
 * struct cordon_event_ends
 * @source, @destination: all zero: not known
 * @source_port, @destination_port: 0: not known; only of protocols that have ports
 * @direction: enum cordon_direction
 */
struct cordon_event_ends {
	const struct cordon_address *source;
	const struct cordon_address *destination;
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t protocol;
	uint8_t direction;
};

/** cordon_event_ends_fields() - source.*, destination.*, network.* */
void cordon_event_ends_fields(struct cordon_ecs *ecs, const struct cordon_event_ends *ends);

/** cordon_event_has_ports() - what an IP protocol calls its ends by */
bool cordon_event_has_ports(uint8_t protocol);

/** cordon_event_end_text() - "10.1.0.2:22", "[fd00::1]:22", or the address alone */
const char *cordon_event_end_text(uint8_t protocol, const struct cordon_address *address,
				  uint16_t port, char (*text)[80]);

#endif
