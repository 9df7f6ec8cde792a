// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is changed of interfaces, addresses and routes: records of the class
 * CONFIG.
 */
#include "event_shape.h"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <cordon/uapi/config.h>

#include "event.h"
#include "util/array.h"
#include "util/print.h"

#define CONFIGURATION .kind = "event", .category = "configuration", .subtype = "change"

/* Of struct cordon_event_link. */
enum link_text {
	LINK_NAME,
	LINK_FORMER,
	LINK_KIND,
	LINK_DEVICE,
	LINK_HARDWARE,
	LINK_MASTER
};

/* ---- interfaces -------------------------------------------------------------------------- */

static const struct {
	uint32_t change;
	const char *text;
} link_changes[] = {
#define CORDON_LINK_TEXT(name, bit, text) { CORDON_LINK_##name, text },
	CORDON_LINK_CHANGES(CORDON_LINK_TEXT)
#undef CORDON_LINK_TEXT
};

static const struct cordon_event_link *link_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_link *)view->record->event;
}

static const char *link_word(const struct cordon_event_view *view, enum link_text text)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_link), text);
}

static void link_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	const struct cordon_event_link *link = (const struct cordon_event_link *)event;

	facts->subtype = link->change & CORDON_LINK_GONE     ? "deletion" :
			 link->change & CORDON_LINK_APPEARED ? "creation" :
							       "change";
}

static void link_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_link *link = link_of(view);

	cordon_event_phrase(file, "interface ", link_word(view, LINK_NAME));
	for (size_t i = 0; i < ARRAY_SIZE(link_changes); i++) {
		if (link->change & link_changes[i].change)
			fprintf(file, " %s", link_changes[i].text);
	}
	cordon_event_phrase(file, ", before ", link_word(view, LINK_FORMER));
	cordon_event_phrase(file, ", kind ", link_word(view, LINK_KIND));
	cordon_event_phrase(file, ", of ", link_word(view, LINK_DEVICE));
	cordon_event_phrase(file, ", hardware address ", link_word(view, LINK_HARDWARE));
	cordon_event_phrase(file, ", in ", link_word(view, LINK_MASTER));
	if (!(link->change & CORDON_LINK_GONE))
		fprintf(file, ", now %s, %s carrier", link->flags & IFF_UP ? "up" : "down",
			link->flags & IFF_LOWER_UP ? "with" : "without");
}

static void link_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_link *link = link_of(view);
	char words[160];
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(link_changes); i++) {
		if (link->change & link_changes[i].change)
			used += (size_t)snprintf(words + used, sizeof(words) - used, "%s",
						 link_changes[i].text) +
				1;
	}
	cordon_ecs_words(ecs, "cordon.interface.change", words, used);
	cordon_ecs_number(ecs, "cordon.interface.index", link->index);
	cordon_ecs_text(ecs, "cordon.interface.name", link_word(view, LINK_NAME));
	cordon_ecs_text(ecs, "cordon.interface.former", link_word(view, LINK_FORMER));
	cordon_ecs_text(ecs, "cordon.interface.kind", link_word(view, LINK_KIND));
	cordon_ecs_text(ecs, "cordon.interface.device", link_word(view, LINK_DEVICE));
	cordon_ecs_text(ecs, "cordon.interface.mac", link_word(view, LINK_HARDWARE));
	cordon_ecs_text(ecs, "cordon.interface.master", link_word(view, LINK_MASTER));
	cordon_ecs_flag(ecs, "cordon.interface.up", link->flags & IFF_UP);
	cordon_ecs_flag(ecs, "cordon.interface.carrier", link->flags & IFF_LOWER_UP);
	cordon_ecs_flag(ecs, "cordon.interface.promiscuous", link->flags & IFF_PROMISC);
}

/* ---- addresses and routes ---------------------------------------------------------------- */

static const char *entry_change(uint8_t change)
{
	static const char *const changes[CORDON_ENTRY_CHANGE_COUNT] = {
#define CORDON_ENTRY_TEXT(name, text) [CORDON_ENTRY_##name] = text,
		CORDON_ENTRY_CHANGES(CORDON_ENTRY_TEXT)
#undef CORDON_ENTRY_TEXT
	};

	return change < CORDON_ENTRY_CHANGE_COUNT ? changes[change] : "?";
}

static const char *entry_subtype(uint8_t change)
{
	return change == CORDON_ENTRY_ADDED   ? "creation" :
	       change == CORDON_ENTRY_REMOVED ? "deletion" :
						"change";
}

static const struct cordon_event_address *address_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_address *)view->record->event;
}

static const char *address_interface(const struct cordon_event_view *view)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_address), 0);
}

static void address_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	facts->subtype = entry_subtype(((const struct cordon_event_address *)event)->change);
}

static void address_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_address *address = address_of(view);
	char text[64];

	fprintf(file, "address %s/%u %s", print_address(address->address.bytes, &text),
		address->prefix, entry_change(address->change));
	cordon_event_phrase(file, " at ", address_interface(view));
}

static void address_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_address *address = address_of(view);
	char text[64];

	cordon_ecs_format(ecs, "cordon.address.ip", "%s",
			  print_address(address->address.bytes, &text));
	cordon_ecs_number(ecs, "cordon.address.prefix", address->prefix);
	cordon_ecs_text(ecs, "cordon.address.change", entry_change(address->change));
	cordon_ecs_number(ecs, "cordon.interface.index", address->index);
	cordon_ecs_text(ecs, "cordon.interface.name", address_interface(view));
}

static const struct cordon_event_route *route_of(const struct cordon_event_view *view)
{
	return (const struct cordon_event_route *)view->record->event;
}

static const char *route_interface(const struct cordon_event_view *view)
{
	return cordon_event_text(view->record->event, sizeof(struct cordon_event_route), 0);
}

static bool has_gateway(const struct cordon_event_route *route)
{
	static const struct cordon_address none;

	return memcmp(&route->gateway, &none, sizeof(none)) != 0;
}

static const char *route_type(uint8_t type)
{
	static const char *const types[] = {
		[RTN_UNICAST] = "unicast",     [RTN_LOCAL] = "local",
		[RTN_BROADCAST] = "broadcast", [RTN_ANYCAST] = "anycast",
		[RTN_MULTICAST] = "multicast", [RTN_BLACKHOLE] = "blackhole",
		[RTN_PROHIBIT] = "prohibit",   [RTN_UNREACHABLE] = "unreachable",
		[RTN_THROW] = "throw",	       [RTN_NAT] = "nat",
	};

	return type < ARRAY_SIZE(types) && types[type] ? types[type] : "?";
}

static void route_facts(const struct cordon_event *event, struct cordon_event_facts *facts)
{
	facts->subtype = entry_subtype(((const struct cordon_event_route *)event)->change);
}

static void route_text(FILE *file, const struct cordon_event_view *view)
{
	const struct cordon_event_route *route = route_of(view);
	char text[64];

	fprintf(file, "route %s/%u %s", print_address(route->destination.bytes, &text),
		route->prefix, entry_change(route->change));
	if (has_gateway(route))
		fprintf(file, " by %s", print_address(route->gateway.bytes, &text));
	cordon_event_phrase(file, " at ", route_interface(view));
	fprintf(file, ", %s, table %u, metric %u, protocol %u", route_type(route->type),
		route->table, route->metric, route->protocol);
}

static void route_fields(struct cordon_ecs *ecs, const struct cordon_event_view *view)
{
	const struct cordon_event_route *route = route_of(view);
	char text[64];

	cordon_ecs_format(ecs, "cordon.route.destination", "%s/%u",
			  print_address(route->destination.bytes, &text), route->prefix);
	if (has_gateway(route))
		cordon_ecs_format(ecs, "cordon.route.gateway", "%s",
				  print_address(route->gateway.bytes, &text));
	cordon_ecs_text(ecs, "cordon.route.change", entry_change(route->change));
	cordon_ecs_text(ecs, "cordon.route.type", route_type(route->type));
	cordon_ecs_number(ecs, "cordon.route.table", route->table);
	cordon_ecs_number(ecs, "cordon.route.metric", route->metric);
	cordon_ecs_number(ecs, "cordon.route.protocol", route->protocol);
	cordon_ecs_number(ecs, "cordon.interface.index", route->index);
	cordon_ecs_text(ecs, "cordon.interface.name", route_interface(view));
}

const struct cordon_event_shape cordon_event_shapes_network[] = {
	{ CORDON_EVENT_LINK, sizeof(struct cordon_event_link), "interface", CONFIGURATION,
	  .facts = link_facts, .text = link_text, .fields = link_fields },
	{ CORDON_EVENT_ADDRESS, sizeof(struct cordon_event_address), "address", CONFIGURATION,
	  .facts = address_facts, .text = address_text, .fields = address_fields },
	{ CORDON_EVENT_ROUTE, sizeof(struct cordon_event_route), "route", CONFIGURATION,
	  .facts = route_facts, .text = route_text, .fields = route_fields },
	{ .text = NULL },
};
