// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The two ends of what went over a network; see event_ends.h.
 */
#include "event_ends.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "event_past.h"
#include "live.h"
#include "util/array.h"
#include "util/print.h"

bool cordon_event_has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_DCCP || protocol == IPPROTO_UDPLITE;
}

const char *cordon_event_end_text(uint8_t protocol, const struct cordon_address *address,
				  uint16_t port, char (*text)[80])
{
	char plain[64];

	print_address(address->bytes, &plain);
	if (!cordon_event_has_ports(protocol))
		snprintf(*text, sizeof(*text), "%s", plain);
	else
		snprintf(*text, sizeof(*text), strchr(plain, ':') ? "[%s]:%u" : "%s:%u", plain,
			 port);
	return *text;
}

/* The end on this machine of a call that was refused has no address yet. */
static void add_address(struct cordon_ecs *ecs, const char *name,
			const struct cordon_address *address)
{
	static const struct cordon_address none;
	char text[64];

	if (memcmp(address, &none, sizeof(none)) != 0)
		cordon_ecs_format(ecs, name, "%s", print_address(address->bytes, &text));
}

void cordon_event_ends_fields(struct cordon_ecs *ecs, const struct cordon_event_ends *ends)
{
	static const char *const directions[] = { "ingress", "egress", "egress", "egress",
						  "ingress" };
	char protocol[16];

	cordon_ecs_format(ecs, "network.transport", "%s",
			  print_protocol(ends->protocol, &protocol));
	cordon_ecs_format(ecs, "network.iana_number", "%u", ends->protocol);
	if (ends->direction < ARRAY_SIZE(directions))
		cordon_ecs_text(ecs, "network.direction", directions[ends->direction]);
	add_address(ecs, "source.ip", ends->source);
	add_address(ecs, "destination.ip", ends->destination);
	if (!cordon_event_has_ports(ends->protocol))
		return;
	if (ends->source_port)
		cordon_ecs_number(ecs, "source.port", ends->source_port);
	if (ends->destination_port)
		cordon_ecs_number(ecs, "destination.port", ends->destination_port);
}

/* ---- names -------------------------------------------------------------------------------- */

const char *cordon_event_zone(const struct cordon_event_view *view, uint32_t generation,
			      uint32_t identity, char (*buffer)[24])
{
	const bool built_in = identity == CORDON_IDENTITY_STRANGER ||
			      identity == CORDON_IDENTITY_NODE;
	const char *told = cordon_event_past_zone(view->past, generation, identity);

	if (told && !built_in)
		return told;
	if (built_in || (view->live && view->live->standing.effective == generation))
		return cordon_live_identity(view->live, identity);
	snprintf(*buffer, sizeof(*buffer), "identity %u", identity);
	return *buffer;
}

/* A rule keeps its slot as long as its name, also when generations pass. */
const char *cordon_event_rule(const struct cordon_event_view *view, uint32_t generation,
			      uint32_t slot, char (*buffer)[24])
{
	const char *told = cordon_event_past_rule(view->past, generation, slot);

	if (told)
		return told;
	if (view->live)
		return cordon_live_rule(view->live, slot);
	snprintf(*buffer, sizeof(*buffer), "%u", slot);
	return *buffer;
}

const char *cordon_event_interface(const struct cordon_event_view *view, uint32_t ifindex,
				   char (*buffer)[24])
{
	if (view->live)
		return cordon_live_interface(view->live, ifindex);
	snprintf(*buffer, sizeof(*buffer), "interface %u", ifindex);
	return *buffer;
}

void cordon_event_interface_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view,
				   bool ingress, uint32_t ifindex)
{
	const char *id = ingress ? "observer.ingress.interface.id" : "observer.egress.interface.id";
	const char *name = ingress ? "observer.ingress.interface.name" :
				     "observer.egress.interface.name";

	cordon_ecs_format(ecs, id, "%u", ifindex);
	if (view->live)
		cordon_ecs_text(ecs, name, cordon_live_interface(view->live, ifindex));
}
