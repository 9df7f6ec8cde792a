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
#include "event_shape.h"

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

/* What people call a number: as the log told, or on this node what is in force; else the number. */

/** cordon_event_zone() - a zone or workload; "identity 5" */
const char *cordon_event_zone(const struct cordon_event_view *view, uint32_t generation,
			      uint32_t identity, char (*buffer)[24]);

/** cordon_event_rule() - the rule of a slot; "5" */
const char *cordon_event_rule(const struct cordon_event_view *view, uint32_t generation,
			      uint32_t slot, char (*buffer)[24]);

/** cordon_event_interface() - "interface 5" */
const char *cordon_event_interface(const struct cordon_event_view *view, uint32_t ifindex,
				   char (*buffer)[24]);

/** cordon_event_interface_fields() - observer.ingress.interface.* or observer.egress.interface.* */
void cordon_event_interface_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view,
				   bool ingress, uint32_t ifindex);

#endif
