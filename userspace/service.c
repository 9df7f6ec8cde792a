// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names of protocols and of ICMP types, and the grammar of services:
 *
 *	any
 *	PROTOCOL			all of it
 *	tcp|udp|udplite|sctp|dccp/PORT[-PORT]
 *	icmp|icmpv6/TYPE[/CODE]		TYPE by name or number
 *	NUMBER, proto/NUMBER		an IP protocol
 */
#include "service.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "util/array.h"
#include "util/names.h"

#define SERVICE_LAST 65535U

/* What a protocol is told apart by. */
enum detail {
	DETAIL_NONE,
	DETAIL_PORT,
	DETAIL_ICMP,
};

struct protocol {
	const char *name;
	uint8_t number;
	enum detail detail;
};

/* IANA, Assigned Internet Protocol Numbers. */
static const struct protocol protocols[] = {
	{ "tcp", IPPROTO_TCP, DETAIL_PORT },   { "udp", IPPROTO_UDP, DETAIL_PORT },
	{ "icmp", IPPROTO_ICMP, DETAIL_ICMP }, { "icmpv6", IPPROTO_ICMPV6, DETAIL_ICMP },
	{ "sctp", IPPROTO_SCTP, DETAIL_PORT }, { "udplite", IPPROTO_UDPLITE, DETAIL_PORT },
	{ "dccp", IPPROTO_DCCP, DETAIL_PORT }, { "igmp", IPPROTO_IGMP, DETAIL_NONE },
	{ "ipip", IPPROTO_IPIP, DETAIL_NONE }, { "ipv6", IPPROTO_IPV6, DETAIL_NONE },
	{ "gre", IPPROTO_GRE, DETAIL_NONE },   { "esp", IPPROTO_ESP, DETAIL_NONE },
	{ "ah", IPPROTO_AH, DETAIL_NONE },     { "eigrp", 88, DETAIL_NONE },
	{ "ospf", 89, DETAIL_NONE },	       { "pim", IPPROTO_PIM, DETAIL_NONE },
	{ "vrrp", 112, DETAIL_NONE },	       { "l2tp", 115, DETAIL_NONE },
};

struct icmp_type {
	const char *name;
	uint8_t type;
};

/* IANA, ICMP Type Numbers, without what is deprecated. */
static const struct icmp_type icmp_types[] = {
	{ "echo-request", 8 },	   { "echo-reply", 0 },		  { "destination-unreachable", 3 },
	{ "redirect", 5 },	   { "router-advertisement", 9 }, { "router-solicitation", 10 },
	{ "time-exceeded", 11 },   { "parameter-problem", 12 },	  { "timestamp-request", 13 },
	{ "timestamp-reply", 14 },
};

/* IANA, ICMPv6 Type Numbers. */
static const struct icmp_type icmpv6_types[] = {
	{ "echo-request", 128 },
	{ "echo-reply", 129 },
	{ "destination-unreachable", 1 },
	{ "packet-too-big", 2 },
	{ "time-exceeded", 3 },
	{ "parameter-problem", 4 },
	{ "listener-query", 130 },
	{ "listener-report", 131 },
	{ "listener-done", 132 },
	{ "router-solicitation", 133 },
	{ "router-advertisement", 134 },
	{ "neighbour-solicitation", 135 },
	{ "neighbour-advertisement", 136 },
	{ "redirect", 137 },
	{ "listener-report-v2", 143 },
};

struct icmp_types {
	const struct icmp_type *type;
	size_t count;
};

static struct icmp_types types_of(uint8_t protocol)
{
	if (protocol == IPPROTO_ICMP)
		return (struct icmp_types){ icmp_types, ARRAY_SIZE(icmp_types) };
	return (struct icmp_types){ icmpv6_types, ARRAY_SIZE(icmpv6_types) };
}

/* One part of a service: a text and what to say about it. */
struct reader {
	const char *text; /* the whole, as written */
	struct cordon_position at;
	struct cordon_diag *diag;
};

#define refuse(reader, format, ...)                                                                \
	(cordon_diag_error((reader)->diag, (reader)->at, "'%.40s': " format, (reader)->text,       \
			   ##__VA_ARGS__),                                                         \
	 -EINVAL)

/* A decimal number up to @max and nothing else; false: it is none. */
static bool read_number(const char *text, size_t size, uint32_t max, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (!size || size > 5 || (text[0] == '0' && size > 1))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint32_t)(text[i] - '0');
	}
	if (number > max)
		return false;
	*ret_number = number;
	return true;
}

static void set_span(struct cordon_service *service, uint32_t first, uint32_t last)
{
	service->first = (uint16_t)first;
	service->last = (uint16_t)last;
}

static int read_ports(const struct reader *reader, const char *protocol, const char *text,
		      struct cordon_service *service)
{
	const char *dash = strchr(text, '-');
	size_t size = dash ? (size_t)(dash - text) : strlen(text);
	uint32_t first = 0, last = 0;

	if (!read_number(text, size, SERVICE_LAST, &first) ||
	    (dash && !read_number(dash + 1, strlen(dash + 1), SERVICE_LAST, &last)) || !first)
		return refuse(reader,
			      "a port is a number from 1 to 65535, or two with '-' between; "
			      "'%s' alone is every port",
			      protocol);
	if (dash && last < first)
		return refuse(reader, "the range is empty: %u comes after %u", first, last);
	set_span(service, first, dash ? last : first);
	return 0;
}

static int refuse_type(const struct reader *reader, const char *protocol, const char *name,
		       struct icmp_types types)
{
	struct cordon_nearest nearest = { .wanted = name };

	for (size_t i = 0; i < types.count; i++)
		cordon_nearest_offer(&nearest, types.type[i].name);
	if (nearest.best)
		return refuse(reader, "no type '%.40s' of %s; did you mean '%s'?", name, protocol,
			      nearest.best);
	return refuse(reader,
		      "no type '%.40s' of %s; a type is a number from 0 to 255 or a name such as "
		      "'echo-request'",
		      name, protocol);
}

static int find_type(const struct reader *reader, const struct protocol *protocol, const char *name,
		     uint32_t *ret_type)
{
	struct icmp_types types = types_of(protocol->number);

	if (read_number(name, strlen(name), UINT8_MAX, ret_type))
		return 0;
	for (size_t i = 0; i < types.count; i++) {
		if (!strcmp(types.type[i].name, name)) {
			*ret_type = types.type[i].type;
			return 0;
		}
	}
	return refuse_type(reader, protocol->name, name, types);
}

static int read_icmp(const struct reader *reader, const struct protocol *protocol, const char *text,
		     struct cordon_service *service)
{
	char name[sizeof(service->text)];
	const char *slash = strchr(text, '/');
	uint32_t type, code;
	int error;

	snprintf(name, sizeof(name), "%.*s", slash ? (int)(slash - text) : (int)strlen(text), text);
	error = find_type(reader, protocol, name, &type);
	if (error)
		return error;
	set_span(service, type << 8, type << 8 | 0xff);
	if (!slash)
		return 0;
	if (!read_number(slash + 1, strlen(slash + 1), UINT8_MAX, &code))
		return refuse(reader, "an ICMP code is a number from 0 to 255");
	set_span(service, type << 8 | code, type << 8 | code);
	return 0;
}

/* Headers of IPv6 that only lead to another header: no packet is "of" them. */
static bool is_extension(uint32_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_DSTOPTS;
}

static int read_protocol_number(const struct reader *reader, const char *text,
				struct cordon_service *service)
{
	uint32_t number;

	if (!read_number(text, strlen(text), UINT8_MAX, &number))
		return refuse(reader, "a protocol is a number from 0 to 255");
	if (is_extension(number))
		return refuse(reader,
			      "protocol %u is an extension header of IPv6 and selects "
			      "nothing",
			      number);
	service->protocol = (uint8_t)number;
	set_span(service, 0, SERVICE_LAST);
	return 0;
}

static int read_detail(const struct reader *reader, const struct protocol *protocol,
		       const char *text, struct cordon_service *service)
{
	service->protocol = protocol->number;
	set_span(service, 0, SERVICE_LAST);
	if (!text)
		return 0;
	if (protocol->detail == DETAIL_PORT)
		return read_ports(reader, protocol->name, text, service);
	if (protocol->detail == DETAIL_ICMP)
		return read_icmp(reader, protocol, text, service);
	return refuse(reader, "%s has neither ports nor types; write '%s'", protocol->name,
		      protocol->name);
}

static int refuse_protocol(const struct reader *reader, const char *name)
{
	struct cordon_nearest nearest = { .wanted = name };

	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		cordon_nearest_offer(&nearest, protocols[i].name);
	if (nearest.best)
		return refuse(reader, "no protocol '%.40s'; did you mean '%s'?", name,
			      nearest.best);
	return refuse(reader, "a service is written tcp/22, udp/5000-5100, icmp/echo-request, gre, "
			      "a protocol number, or any");
}

static int read_service(const struct reader *reader, struct cordon_service *service)
{
	char name[sizeof(service->text)];
	const char *slash = strchr(reader->text, '/');
	const char *detail = slash ? slash + 1 : NULL;

	snprintf(name, sizeof(name), "%.*s",
		 slash ? (int)(slash - reader->text) : (int)strlen(reader->text), reader->text);
	if (!strcmp(name, "any")) {
		if (detail)
			return refuse(reader, "'any' has no ports; write tcp/... and udp/...");
		service->any = true;
		set_span(service, 0, SERVICE_LAST);
		return 0;
	}
	if (!strcmp(name, "proto"))
		return read_protocol_number(reader, detail ? detail : "", service);
	if (name[0] >= '0' && name[0] <= '9')
		return read_protocol_number(reader, reader->text, service);
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (!strcmp(protocols[i].name, name))
			return read_detail(reader, &protocols[i], detail, service);
	}
	return refuse_protocol(reader, name);
}

int cordon_service_parse(const char *text, struct cordon_position at, struct cordon_diag *diag,
			 struct cordon_service *ret_service)
{
	struct reader reader = { text, at, diag };
	struct cordon_service service = { .at = at };
	int error;

	if (strlen(text) >= sizeof(service.text))
		return refuse(&reader, "too long for a service");
	memcpy(service.text, text, strlen(text));
	error = read_service(&reader, &service);
	if (error)
		return error;
	*ret_service = service;
	return 0;
}

int cordon_service_read(const char *protocol, const char *detail, struct cordon_failure *failure,
			struct cordon_service *ret_service)
{
	struct cordon_diag diag = { .stored = 0 };
	char text[64];
	int error;

	snprintf(text, sizeof(text), "%s%s%s", protocol, detail ? "/" : "", detail ? detail : "");
	error = cordon_service_parse(text, (struct cordon_position){ .file = NULL }, &diag,
				     ret_service);
	if (error)
		cordon_fail(failure, error, "%s", diag.stored ? diag.entry[0].text : text);
	cordon_diag_clear(&diag);
	return error;
}

/* ---- numbers to names -------------------------------------------------------------------- */

static const struct protocol *find_protocol(uint8_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++) {
		if (protocols[i].number == number)
			return &protocols[i];
	}
	return NULL;
}

const char *cordon_service_protocol_name(uint8_t protocol)
{
	const struct protocol *known = find_protocol(protocol);

	return known ? known->name : NULL;
}

static void format_icmp(const struct protocol *protocol, uint16_t first, uint16_t last, char *text)
{
	struct icmp_types types = types_of(protocol->number);
	unsigned int type = first >> 8;
	int used = snprintf(text, CORDON_SERVICE_TEXT_SIZE, "%s/%u", protocol->name, type);

	for (size_t i = 0; i < types.count; i++) {
		if (types.type[i].type == type)
			used = snprintf(text, CORDON_SERVICE_TEXT_SIZE, "%s/%s", protocol->name,
					types.type[i].name);
	}
	if (first == last)
		snprintf(text + used, CORDON_SERVICE_TEXT_SIZE - (size_t)used, "/%u", first & 0xff);
}

void cordon_service_format(uint8_t protocol, uint16_t first, uint16_t last,
			   char ret_text[CORDON_SERVICE_TEXT_SIZE])
{
	const struct protocol *known = find_protocol(protocol);

	if (!known)
		snprintf(ret_text, CORDON_SERVICE_TEXT_SIZE, "proto/%u", protocol);
	else if (known->detail == DETAIL_NONE || (first == 0 && last == SERVICE_LAST))
		snprintf(ret_text, CORDON_SERVICE_TEXT_SIZE, "%s", known->name);
	else if (known->detail == DETAIL_ICMP)
		format_icmp(known, first, last, ret_text);
	else if (first == last)
		snprintf(ret_text, CORDON_SERVICE_TEXT_SIZE, "%s/%u", known->name, first);
	else
		snprintf(ret_text, CORDON_SERVICE_TEXT_SIZE, "%s/%u-%u", known->name, first, last);
}
