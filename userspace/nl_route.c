// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a packet to an address would leave: one question to the routing table.
 */
#include "nl.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>

#include "util/cleanup.h"

DEFINE_CLEANUP(nl_socket, struct nl_sock *, nl_socket_free)
DEFINE_CLEANUP(nl_msg, struct nl_msg *, nlmsg_free)

static int take_route(struct nl_msg *message, void *state)
{
	struct nlattr *attribute[RTA_MAX + 1];
	struct nlmsghdr *header = nlmsg_hdr(message);
	int *index = state;

	if (header->nlmsg_type != RTM_NEWROUTE ||
	    nlmsg_parse(header, sizeof(struct rtmsg), attribute, RTA_MAX, NULL))
		return NL_SKIP;
	if (attribute[RTA_OIF])
		*index = (int)nla_get_u32(attribute[RTA_OIF]);
	return NL_STOP;
}

static struct nl_msg *make_request(const struct cordon_address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const bool ipv4 = !memcmp(address->bytes, mapped, sizeof(mapped));
	const size_t skip = ipv4 ? sizeof(mapped) : 0;
	const int length = (int)(sizeof(address->bytes) - skip);
	struct rtmsg route = {
		.rtm_family = ipv4 ? AF_INET : AF_INET6,
		.rtm_dst_len = (unsigned char)(8 * length),
	};
	struct nl_msg *request = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST);

	if (!request)
		return NULL;
	if (nlmsg_append(request, &route, sizeof(route), NLMSG_ALIGNTO) ||
	    nla_put(request, RTA_DST, length, address->bytes + skip)) {
		nlmsg_free(request);
		return NULL;
	}
	return request;
}

int cordon_nl_route(const struct cordon_address *address)
{
	struct nl_sock *socket CLEANUP(nl_socket) = nl_socket_alloc();
	struct nl_msg *request CLEANUP(nl_msg) = make_request(address);
	int index = 0;

	if (!socket || !request || nl_connect(socket, NETLINK_ROUTE))
		return 0;
	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take_route, &index);
	if (nl_send_auto(socket, request) < 0)
		return 0;
	nl_recvmsgs_default(socket);
	return index;
}
