// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Neighbours, routes and their rules; see evidence_network.h.  /proc has the
 * neighbours of IPv4 alone, and no rules.
 */
#include "evidence_network.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "nl_dump.h"
#include "util/array.h"

static void write_interface(struct json *json, const char *key, uint32_t index)
{
	char name[IF_NAMESIZE];

	if (index && if_indextoname(index, name))
		json_string(json, key, name);
	else if (index)
		json_number(json, key, index);
}

/* struct field - an attribute that is shown, by what it is */
struct field {
	uint16_t type;
	enum {
		ADDRESS,
		INTERFACE,
		NUMBER,
		BYTES,
		TEXT
	} is;
	const char *key;
};

static void write_field(struct json *json, const struct field *field, int family,
			const struct nlattr *attribute)
{
	const void *bytes = cordon_nl_bytes(attribute);
	const size_t size = cordon_nl_length(attribute);
	uint32_t number = 0;

	memcpy(&number, bytes, size < sizeof(number) ? size : sizeof(number));
	if (field->is == ADDRESS)
		cordon_evidence_ip(json, field->key, family, bytes, size);
	else if (field->is == INTERFACE)
		write_interface(json, field->key, number);
	else if (field->is == NUMBER)
		json_number(json, field->key, number);
	else if (field->is == BYTES)
		cordon_evidence_hex(json, field->key, bytes, size);
	else if (size && !((const char *)bytes)[size - 1])
		json_string(json, field->key, bytes);
}

static void write_fields(struct json *json, const struct field *field, size_t nr, int family,
			 const struct nlmsghdr *message, size_t head)
{
	const size_t before = NLMSG_ALIGN(NLMSG_HDRLEN + head);
	const void *first = (const uint8_t *)message + before;
	const size_t size = message->nlmsg_len > before ? message->nlmsg_len - before : 0;

	for (; nr; nr--, field++) {
		const struct nlattr *found = cordon_nl_find(first, size, field->type);

		if (found)
			write_field(json, field, family, found);
	}
}

/* Return: NULL: neither IPv4 nor IPv6 */
static const char *name_of(int family)
{
	return family == AF_INET ? "ipv4" : family == AF_INET6 ? "ipv6" : NULL;
}

static struct json begin(FILE *file, const char *what, int family)
{
	struct json json = { .file = file };

	json_object(&json, NULL);
	json_string(&json, "what", what);
	json_string(&json, "family", name_of(family));
	return json;
}

static void end(struct json *json)
{
	json_object_end(json);
	json_line_end(json);
}

static int write_neighbour(void *state, const struct nlmsghdr *message)
{
	static const struct field fields[] = {
		{ NDA_DST, ADDRESS, "address" },
		{ NDA_LLADDR, BYTES, "link_address" },
	};
	const struct ndmsg *head = NLMSG_DATA(message);
	struct json json;

	if (!name_of(head->ndm_family))
		return 0;
	json = begin(state, "neighbour", head->ndm_family);
	write_interface(&json, "interface", (uint32_t)head->ndm_ifindex);
	json_number(&json, "state", head->ndm_state);
	json_number(&json, "flags", head->ndm_flags);
	write_fields(&json, fields, ARRAY_SIZE(fields), head->ndm_family, message, sizeof(*head));
	end(&json);
	return 0;
}

static int write_route(void *state, const struct nlmsghdr *message)
{
	static const struct field fields[] = {
		{ RTA_DST, ADDRESS, "destination" },   { RTA_SRC, ADDRESS, "source" },
		{ RTA_GATEWAY, ADDRESS, "gateway" },   { RTA_PREFSRC, ADDRESS, "from" },
		{ RTA_OIF, INTERFACE, "interface" },   { RTA_TABLE, NUMBER, "table" },
		{ RTA_PRIORITY, NUMBER, "priority" },  { RTA_MARK, NUMBER, "mark" },
		{ RTA_MULTIPATH, BYTES, "multipath" }, { RTA_VIA, BYTES, "via" },
		{ RTA_ENCAP, BYTES, "encapsulation" },
	};
	const struct rtmsg *head = NLMSG_DATA(message);
	struct json json;

	if (!name_of(head->rtm_family))
		return 0;
	json = begin(state, "route", head->rtm_family);
	json_number(&json, "length", head->rtm_dst_len);
	json_number(&json, "protocol", head->rtm_protocol);
	json_number(&json, "scope", head->rtm_scope);
	json_number(&json, "type", head->rtm_type);
	json_number(&json, "flags", head->rtm_flags);
	write_fields(&json, fields, ARRAY_SIZE(fields), head->rtm_family, message, sizeof(*head));
	end(&json);
	return 0;
}

static int write_rule(void *state, const struct nlmsghdr *message)
{
	static const struct field fields[] = {
		{ FRA_SRC, ADDRESS, "source" },	      { FRA_DST, ADDRESS, "destination" },
		{ FRA_IIFNAME, TEXT, "in" },	      { FRA_OIFNAME, TEXT, "out" },
		{ FRA_PRIORITY, NUMBER, "priority" }, { FRA_TABLE, NUMBER, "table" },
		{ FRA_FWMARK, NUMBER, "mark" },	      { FRA_FWMASK, NUMBER, "mask" },
		{ FRA_UID_RANGE, BYTES, "uids" },
	};
	const struct fib_rule_hdr *head = NLMSG_DATA(message);
	struct json json;

	if (!name_of(head->family))
		return 0;
	json = begin(state, "rule", head->family);
	json_number(&json, "source_length", head->src_len);
	json_number(&json, "destination_length", head->dst_len);
	json_number(&json, "action", head->action);
	json_number(&json, "flags", head->flags);
	write_fields(&json, fields, ARRAY_SIZE(fields), head->family, message, sizeof(*head));
	end(&json);
	return 0;
}

/* Each begins with the family; no question has more than a route's. */
static int write_list(FILE *file, uint16_t type, int family, size_t head, cordon_nl_visitor visitor)
{
	struct cordon_nl_question question = {
		.protocol = NETLINK_ROUTE,
		.type = type,
		.size = NLMSG_ALIGN(head),
		.body = { (uint8_t)family },
	};
	const int error = cordon_nl_dump(&question, visitor, file);

	/* A kernel without IPv6, or without rules, has none of its. */
	return error == -EAFNOSUPPORT || error == -EOPNOTSUPP ? 0 : error;
}

int cordon_evidence_routes(const void *state, FILE *file)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int error = cordon_evidence_enter(((const struct cordon_evidence_space *)state)->pid);

	for (size_t i = 0; i < ARRAY_SIZE(families) && !error; i++) {
		error = write_list(file, RTM_GETNEIGH, families[i], sizeof(struct ndmsg),
				   write_neighbour);
		if (!error)
			error = write_list(file, RTM_GETROUTE, families[i], sizeof(struct rtmsg),
					   write_route);
		if (!error)
			error = write_list(file, RTM_GETRULE, families[i],
					   sizeof(struct fib_rule_hdr), write_rule);
	}
	return error;
}
