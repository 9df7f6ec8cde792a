// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Links and addresses over rtnetlink.  The messages are read attribute by
 * attribute rather than through libnl-route's objects: we need ten attributes,
 * of kinds of links that a library may not know yet.
 */
#include "nl.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "util/array.h"
#include "util/cleanup.h"

/* A burst of a thousand new links fits. */
#define WATCH_BUFFER (4 << 20)
/* What the kernel puts into one part of a dump. */
#define MESSAGE_BUFFER (64 << 10)
/* Links that never stop to come and go must not keep us for ever. */
#define DUMPS_MAX 16

DEFINE_CLEANUP(nl_socket, struct nl_sock *, nl_socket_free)

struct cordon_nl_watch {
	struct nl_sock *socket;
	struct cordon_nl_change change;
};

static int errno_of(int nl_error)
{
	switch (-nl_error) {
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_AGAIN:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

static int fail_nl(struct cordon_failure *failure, int nl_error)
{
	return cordon_fail(failure, errno_of(nl_error), "netlink: %s", nl_geterror(nl_error));
}

static void copy_name(char *to, size_t size, const struct nlattr *attribute)
{
	if (attribute)
		nla_strlcpy(to, attribute, size);
}

static uint32_t u32_or_zero(const struct nlattr *attribute)
{
	return attribute ? nla_get_u32(attribute) : 0;
}

static void read_info(struct nlattr *attribute, struct cordon_nl_link *link)
{
	struct nlattr *info[IFLA_INFO_MAX + 1], *vlan[IFLA_VLAN_MAX + 1];

	if (!attribute || nla_parse_nested(info, IFLA_INFO_MAX, attribute, NULL))
		return;
	copy_name(link->kind, sizeof(link->kind), info[IFLA_INFO_KIND]);
	if (strcmp(link->kind, "vlan") || !info[IFLA_INFO_DATA])
		return;
	if (!nla_parse_nested(vlan, IFLA_VLAN_MAX, info[IFLA_INFO_DATA], NULL) &&
	    vlan[IFLA_VLAN_ID])
		link->vlan = nla_get_u16(vlan[IFLA_VLAN_ID]);
}

static void read_xdp(struct nlattr *attribute, struct cordon_nl_link *link)
{
	struct nlattr *xdp[IFLA_XDP_MAX + 1];

	if (!attribute || nla_parse_nested(xdp, IFLA_XDP_MAX, attribute, NULL))
		return;
	link->xdp_program = u32_or_zero(xdp[IFLA_XDP_DRV_PROG_ID]);
	link->xdp_other = u32_or_zero(xdp[IFLA_XDP_SKB_PROG_ID]);
	if (!link->xdp_other)
		link->xdp_other = u32_or_zero(xdp[IFLA_XDP_HW_PROG_ID]);
}

static int take_link(struct nl_msg *message, void *state)
{
	struct nlattr *attribute[IFLA_MAX + 1];
	struct nlmsghdr *header = nlmsg_hdr(message);
	const struct ifinfomsg *info = nlmsg_data(header);
	struct cordon_nl_links *links = state;
	struct cordon_nl_link *link;

	if (header->nlmsg_type != RTM_NEWLINK ||
	    nlmsg_parse(header, sizeof(*info), attribute, IFLA_MAX, NULL))
		return NL_SKIP;
	link = array_push(links->entry, links->nr);
	if (!link)
		return -NLE_NOMEM;
	link->index = info->ifi_index;
	link->flags = info->ifi_flags;
	link->arphrd = info->ifi_type;
	link->master = (int)u32_or_zero(attribute[IFLA_MASTER]);
	/* An index of another namespace means nothing here. */
	if (!attribute[IFLA_LINK_NETNSID])
		link->lower = (int)u32_or_zero(attribute[IFLA_LINK]);
	link->physical = attribute[IFLA_PARENT_DEV_NAME] != NULL;
	copy_name(link->name, sizeof(link->name), attribute[IFLA_IFNAME]);
	read_info(attribute[IFLA_LINKINFO], link);
	read_xdp(attribute[IFLA_XDP], link);
	return NL_OK;
}

void cordon_nl_address_map(int family, const void *bytes, struct cordon_address *address)
{
	if (family == AF_INET6) {
		memcpy(address->bytes, bytes, 16);
		return;
	}
	memset(address->bytes, 0, 10);
	memset(address->bytes + 10, 0xff, 2);
	memcpy(address->bytes + 12, bytes, 4);
}

static int take_address(struct nl_msg *message, void *state)
{
	struct nlattr *attribute[IFA_MAX + 1], *local;
	struct nlmsghdr *header = nlmsg_hdr(message);
	const struct ifaddrmsg *info = nlmsg_data(header);
	struct cordon_nl_addresses *addresses = state;
	struct cordon_nl_address *address;

	if (header->nlmsg_type != RTM_NEWADDR ||
	    nlmsg_parse(header, sizeof(*info), attribute, IFA_MAX, NULL))
		return NL_SKIP;
	/* On a point-to-point link IFA_ADDRESS is the other end's. */
	local = attribute[IFA_LOCAL] ? attribute[IFA_LOCAL] : attribute[IFA_ADDRESS];
	if (!local || nla_len(local) != (info->ifa_family == AF_INET6 ? 16 : 4))
		return NL_SKIP;
	address = array_push(addresses->entry, addresses->nr);
	if (!address)
		return -NLE_NOMEM;
	address->index = (int)info->ifa_index;
	cordon_nl_address_map(info->ifa_family, nla_data(local), &address->address);
	return NL_OK;
}

/**
 * struct dump - a question to the kernel
 * @forget: empty @state again
 */
struct dump {
	int type;
	nl_recvmsg_msg_cb_t take;
	void (*forget)(void *state);
	void *state;
};

/* Return: 0 or negative number of libnl's. */
static int dump_once(const struct dump *dump)
{
	struct nl_sock *socket CLEANUP(nl_socket) = nl_socket_alloc();
	struct ifinfomsg request = { .ifi_family = AF_UNSPEC };
	int error;

	error = socket ? nl_connect(socket, NETLINK_ROUTE) : -NLE_NOMEM;
	if (error)
		return error;
	nl_socket_set_msg_buf_size(socket, MESSAGE_BUFFER);
	nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, dump->take, dump->state);
	error = nl_send_simple(socket, dump->type, NLM_F_DUMP, &request, sizeof(request));
	return error < 0 ? error : nl_recvmsgs_default(socket);
}

/* A dump that links came and went under may lack one that stayed: once more. */
static int dump_whole(const struct dump *dump, struct cordon_failure *failure)
{
	int error = dump_once(dump);

	for (int i = 1; i < DUMPS_MAX && error == -NLE_DUMP_INTR; i++) {
		dump->forget(dump->state);
		error = dump_once(dump);
	}
	return error < 0 ? fail_nl(failure, error) : 0;
}

static void forget_links(void *links)
{
	cordon_nl_links_clear(links);
}

int cordon_nl_links_read(struct cordon_failure *failure, struct cordon_nl_links *ret_links)
{
	struct cordon_nl_links links CLEANUP(nl_links) = { 0 };
	const struct dump dump = { RTM_GETLINK, take_link, forget_links, &links };
	const int error = dump_whole(&dump, failure);

	if (error)
		return error;
	*ret_links = links;
	memset(&links, 0, sizeof(links));
	return 0;
}

void cordon_nl_links_clear(struct cordon_nl_links *links)
{
	free(links->entry);
	memset(links, 0, sizeof(*links));
}

const struct cordon_nl_link *cordon_nl_link_find(const struct cordon_nl_links *links, int index)
{
	for (size_t i = 0; i < links->nr; i++) {
		if (links->entry[i].index == index)
			return &links->entry[i];
	}
	return NULL;
}

static void forget_addresses(void *state)
{
	struct cordon_nl_addresses *addresses = state;

	free(addresses->entry);
	memset(addresses, 0, sizeof(*addresses));
}

int cordon_nl_addresses_read(struct cordon_failure *failure,
			     struct cordon_nl_addresses *ret_addresses)
{
	struct cordon_nl_addresses addresses = { 0 };
	const struct dump dump = { RTM_GETADDR, take_address, forget_addresses, &addresses };
	const int error = dump_whole(&dump, failure);

	if (error) {
		forget_addresses(&addresses);
		return error;
	}
	*ret_addresses = addresses;
	return 0;
}

bool cordon_nl_addresses_have(const struct cordon_nl_addresses *addresses,
			      const struct cordon_address *address)
{
	for (size_t i = 0; i < addresses->nr; i++) {
		if (!memcmp(&addresses->entry[i].address, address, sizeof(*address)))
			return true;
	}
	return false;
}

static int note_change(struct nl_msg *message, void *state)
{
	struct cordon_nl_watch *watch = state;

	switch (nlmsg_hdr(message)->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
	/* A filter of ours may be gone, and with a qdisc all that are on it. */
	case RTM_DELTFILTER:
	case RTM_DELQDISC:
		watch->change.links = true;
		return NL_OK;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		watch->change.addresses = true;
		return NL_OK;
	default:
		return NL_SKIP;
	}
}

static int watch_start(struct cordon_nl_watch *watch)
{
	int error;

	nl_socket_disable_seq_check(watch->socket);
	error = nl_socket_modify_cb(watch->socket, NL_CB_VALID, NL_CB_CUSTOM, note_change, watch);
	if (!error)
		error = nl_connect(watch->socket, NETLINK_ROUTE);
	if (!error)
		error = nl_socket_set_buffer_size(watch->socket, WATCH_BUFFER, 0);
	if (!error)
		error = nl_socket_set_nonblocking(watch->socket);
	if (!error)
		error = nl_socket_add_memberships(watch->socket, RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR,
						  RTNLGRP_IPV6_IFADDR, RTNLGRP_TC, 0);
	return error;
}

int cordon_nl_watch_open(struct cordon_failure *failure, struct cordon_nl_watch **ret_watch)
{
	struct cordon_nl_watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return cordon_fail(failure, -ENOMEM, "out of memory");
	watch->socket = nl_socket_alloc();
	error = watch->socket ? watch_start(watch) : -NLE_NOMEM;
	if (error) {
		cordon_nl_watch_close(watch);
		return fail_nl(failure, error);
	}
	*ret_watch = watch;
	return 0;
}

void cordon_nl_watch_close(struct cordon_nl_watch *watch)
{
	if (!watch)
		return;
	nl_socket_free(watch->socket);
	free(watch);
}

int cordon_nl_watch_fd(const struct cordon_nl_watch *watch)
{
	return nl_socket_get_fd(watch->socket);
}

struct cordon_nl_change cordon_nl_watch_read(struct cordon_nl_watch *watch)
{
	int error;

	memset(&watch->change, 0, sizeof(watch->change));
	do
		error = nl_recvmsgs_default(watch->socket);
	while (error >= 0);
	/* libnl says NOMEM for ENOBUFS: messages were lost, so ask for all. */
	if (error != -NLE_AGAIN) {
		watch->change.links = true;
		watch->change.addresses = true;
		watch->change.overrun = true;
	}
	return watch->change;
}
