// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rtnetlink's messages, item by item; see nl_change.h.
 */
#include "nl_change.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/cleanup.h"

/* What the kernel puts into one part of a dump. */
#define MESSAGE_BUFFER (64 << 10)
/* A burst of some hundred new links fits. */
#define CHANGES_BUFFER (2 << 20)
/* Others want their turn, too. */
#define READS_AT_ONCE 1024

DEFINE_CLEANUP(nl_socket, struct nl_sock *, nl_socket_free)

/* struct reader - who gets the items of messages, and what he said last */
struct reader {
	cordon_nl_viewer viewer;
	void *state;
	int result;
};

struct cordon_nl_changes {
	struct nl_sock *socket;
	struct reader reader;
};

/* ---- messages ---------------------------------------------------------------------------- */

static uint32_t number_of(const struct nlattr *attribute)
{
	return attribute ? nla_get_u32(attribute) : 0;
}

static void copy_text(char *to, size_t size, const struct nlattr *attribute)
{
	if (attribute)
		nla_strlcpy(to, attribute, size);
}

/* Return: false: it is none, or not whole */
static bool read_address(int family, const struct nlattr *attribute,
			 struct cordon_address *ret_address)
{
	if (!attribute || nla_len(attribute) != (family == AF_INET6 ? 16 : 4))
		return false;
	cordon_nl_address_map(family, nla_data(attribute), ret_address);
	return true;
}

static void read_kind(struct nlattr *attribute, struct cordon_nl_item *item)
{
	struct nlattr *info[IFLA_INFO_MAX + 1];

	if (attribute && !nla_parse_nested(info, IFLA_INFO_MAX, attribute, NULL))
		copy_text(item->link_kind, sizeof(item->link_kind), info[IFLA_INFO_KIND]);
}

static void read_hardware(const struct nlattr *attribute, struct cordon_nl_item *item)
{
	if (!attribute || (size_t)nla_len(attribute) > sizeof(item->hardware))
		return;
	item->hardware_size = (uint32_t)nla_len(attribute);
	memcpy(item->hardware, nla_data(attribute), item->hardware_size);
}

/* Of another family it is a bridge's word of a port, or a protocol's of its settings. */
static bool read_link(struct nlmsghdr *header, struct cordon_nl_item *item)
{
	const struct ifinfomsg *info = nlmsg_data(header);
	struct nlattr *attribute[IFLA_MAX + 1];

	if (nlmsg_parse(header, sizeof(*info), attribute, IFLA_MAX, NULL) ||
	    info->ifi_family != AF_UNSPEC || !attribute[IFLA_IFNAME])
		return false;
	item->kind = CORDON_NL_LINK;
	item->index = info->ifi_index;
	item->flags = info->ifi_flags & (IFF_UP | IFF_LOWER_UP);
	if (number_of(attribute[IFLA_PROMISCUITY]))
		item->flags |= IFF_PROMISC;
	item->master = (int)number_of(attribute[IFLA_MASTER]);
	copy_text(item->name, sizeof(item->name), attribute[IFLA_IFNAME]);
	copy_text(item->device, sizeof(item->device), attribute[IFLA_PARENT_DEV_NAME]);
	read_hardware(attribute[IFLA_ADDRESS], item);
	read_kind(attribute[IFLA_LINKINFO], item);
	return true;
}

/* On a point-to-point link IFA_ADDRESS is the other end's. */
static bool read_own_address(struct nlmsghdr *header, struct cordon_nl_item *item)
{
	const struct ifaddrmsg *info = nlmsg_data(header);
	struct nlattr *attribute[IFA_MAX + 1];

	if (nlmsg_parse(header, sizeof(*info), attribute, IFA_MAX, NULL))
		return false;
	item->kind = CORDON_NL_ADDRESS;
	item->index = (int)info->ifa_index;
	item->prefix = info->ifa_prefixlen;
	return read_address(info->ifa_family,
			    attribute[IFA_LOCAL] ? attribute[IFA_LOCAL] : attribute[IFA_ADDRESS],
			    &item->address);
}

/* Of several next hops the first. */
static void read_hops(const struct nlattr *attribute, int family, struct cordon_nl_item *item)
{
	const struct rtnexthop *hop;
	const struct nlattr *gateway;

	if (!attribute || nla_len(attribute) < (int)sizeof(*hop))
		return;
	hop = nla_data(attribute);
	if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > nla_len(attribute))
		return;
	item->index = hop->rtnh_ifindex;
	gateway = nla_find((const struct nlattr *)(hop + 1), hop->rtnh_len - (int)sizeof(*hop),
			   RTA_GATEWAY);
	read_address(family, gateway, &item->gateway);
}

/* IPv4 by a router that is known by IPv6 (RFC 5549). */
static void read_via(const struct nlattr *attribute, struct cordon_nl_item *item)
{
	const struct rtvia *via = attribute ? nla_data(attribute) : NULL;

	if (via && nla_len(attribute) == (int)sizeof(*via) + 16 && via->rtvia_family == AF_INET6)
		cordon_nl_address_map(AF_INET6, via->rtvia_addr, &item->gateway);
}

static bool is_wanted(const struct rtmsg *route, uint32_t table)
{
	return (route->rtm_family == AF_INET || route->rtm_family == AF_INET6) &&
	       !(route->rtm_flags & RTM_F_CLONED) && table != RT_TABLE_LOCAL;
}

static bool read_route(struct nlmsghdr *header, struct cordon_nl_item *item)
{
	static const uint8_t anywhere[16];
	const struct rtmsg *route = nlmsg_data(header);
	struct nlattr *attribute[RTA_MAX + 1];

	if (nlmsg_parse(header, sizeof(*route), attribute, RTA_MAX, NULL))
		return false;
	item->kind = CORDON_NL_ROUTE;
	item->table = attribute[RTA_TABLE] ? nla_get_u32(attribute[RTA_TABLE]) : route->rtm_table;
	if (!is_wanted(route, item->table))
		return false;
	item->prefix = route->rtm_dst_len;
	item->type = route->rtm_type;
	item->protocol = route->rtm_protocol;
	item->metric = number_of(attribute[RTA_PRIORITY]);
	item->index = (int)number_of(attribute[RTA_OIF]);
	if (!read_address(route->rtm_family, attribute[RTA_DST], &item->address))
		cordon_nl_address_map(route->rtm_family, anywhere, &item->address);
	read_address(route->rtm_family, attribute[RTA_GATEWAY], &item->gateway);
	read_via(attribute[RTA_VIA], item);
	read_hops(attribute[RTA_MULTIPATH], route->rtm_family, item);
	return true;
}

static bool read_item(struct nlmsghdr *header, struct cordon_nl_item *item,
		      enum cordon_nl_news *ret_news)
{
	*ret_news = CORDON_NL_IS;
	switch (header->nlmsg_type) {
	case RTM_DELLINK:
		*ret_news = CORDON_NL_GONE;
		return read_link(header, item);
	case RTM_NEWLINK:
		return read_link(header, item);
	case RTM_DELADDR:
		*ret_news = CORDON_NL_GONE;
		return read_own_address(header, item);
	case RTM_NEWADDR:
		return read_own_address(header, item);
	case RTM_DELROUTE:
		*ret_news = CORDON_NL_GONE;
		return read_route(header, item);
	case RTM_NEWROUTE:
		if (header->nlmsg_flags & NLM_F_REPLACE)
			*ret_news = CORDON_NL_REPLACED;
		return read_route(header, item);
	default:
		return false;
	}
}

static int take_message(struct nl_msg *message, void *state)
{
	struct reader *reader = state;
	struct cordon_nl_item item;
	enum cordon_nl_news news;

	memset(&item, 0, sizeof(item));
	if (!read_item(nlmsg_hdr(message), &item, &news))
		return NL_SKIP;
	reader->result = reader->viewer(reader->state, &item, news);
	return reader->result ? NL_STOP : NL_OK;
}

/* ---- lists ------------------------------------------------------------------------------- */

int cordon_nl_items_list(enum cordon_nl_kind kind, cordon_nl_viewer viewer, void *state)
{
	static const int questions[CORDON_NL_KINDS] = { RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE };
	struct nl_sock *socket CLEANUP(nl_socket) = nl_socket_alloc();
	struct ifinfomsg request = { .ifi_family = AF_UNSPEC };
	struct reader reader = { .viewer = viewer, .state = state };
	int error;

	error = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;
	if (error)
		return -EIO;
	nl_socket_set_msg_buf_size(socket, MESSAGE_BUFFER);
	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take_message, &reader);
	error = nl_send_simple(socket, questions[kind], NLM_F_DUMP, &request, sizeof(request));
	if (error >= 0)
		error = nl_recvmsgs_default(socket);
	if (error == -NLE_DUMP_INTR)
		return -EAGAIN;
	return error < 0 ? -EIO : reader.result;
}

/* ---- changes ----------------------------------------------------------------------------- */

static int start(struct cordon_nl_changes *changes)
{
	struct nl_sock *socket = changes->socket;
	const int room = CHANGES_BUFFER;
	int error;

	nl_socket_disable_seq_check(socket);
	error = nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take_message,
				    &changes->reader);
	if (!error)
		error = nl_connect(socket, NETLINK_ROUTE);
	if (!error)
		error = nl_socket_set_msg_buf_size(socket, MESSAGE_BUFFER);
	if (!error)
		error = nl_socket_set_nonblocking(socket);
	/* Less will do, too. */
	if (!error)
		setsockopt(nl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUFFORCE, &room,
			   sizeof(room));
	if (!error)
		error = nl_socket_add_memberships(socket, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
						  RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE,
						  RTNLGRP_IPV6_ROUTE, 0);
	return error;
}

int cordon_nl_changes_open(cordon_nl_viewer viewer, void *state, struct cordon_failure *failure,
			   struct cordon_nl_changes **ret_changes)
{
	struct cordon_nl_changes *changes = calloc(1, sizeof(*changes));
	int error;

	if (!changes)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	changes->reader = (struct reader){ .viewer = viewer, .state = state };
	changes->socket = nl_socket_alloc();
	error = changes->socket ? start(changes) : -NLE_NOMEM;
	if (error) {
		cordon_nl_changes_close(changes);
		return cordon_fail(failure, -EIO, "netlink: %s", nl_geterror(error));
	}
	*ret_changes = changes;
	return 0;
}

void cordon_nl_changes_close(struct cordon_nl_changes *changes)
{
	if (!changes)
		return;
	nl_socket_free(changes->socket);
	free(changes);
}

int cordon_nl_changes_fd(const struct cordon_nl_changes *changes)
{
	return nl_socket_get_fd(changes->socket);
}

int cordon_nl_changes_read(struct cordon_nl_changes *changes)
{
	int error = 0;

	for (int i = 0; i < READS_AT_ONCE && error >= 0; i++)
		error = nl_recvmsgs_default(changes->socket);
	/* libnl says NOMEM for ENOBUFS. */
	return error >= 0 || error == -NLE_AGAIN ? 0 : -ENOBUFS;
}
