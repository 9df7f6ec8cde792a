// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets listed and destroyed, in the kernel's own words.
 */
#include "nl_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "nl_dump.h"

/* What a map of socket storage holds of each: an attribute with the map's fd in it. */
struct storage_wish {
	struct nlattr outer;
	struct nlattr inner;
	uint32_t map_fd;
};

struct walk {
	cordon_nl_socket_visitor visitor;
	void *state;
	uint8_t protocol;
	uint32_t states;
	int owners;
};

int cordon_nl_sockets_open(void)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

static struct cordon_address read_address(uint8_t family, const __be32 words[4])
{
	struct cordon_address address = { .bytes = { [10] = 0xff, [11] = 0xff } };

	if (family == AF_INET)
		memcpy(address.bytes + 12, words, 4);
	else
		memcpy(address.bytes, words, 16);
	return address;
}

static uint16_t read_port(const __be16 *port)
{
	uint16_t bytes;

	memcpy(&bytes, port, sizeof(bytes));
	return ntohs(bytes);
}

static const struct nlattr *find_within(const struct nlattr *outer, uint16_t type)
{
	return outer ? cordon_nl_find(cordon_nl_bytes(outer), cordon_nl_length(outer), type) : NULL;
}

static void copy_attribute(const struct nlattr *attribute, void *ret_value, size_t size)
{
	if (attribute && cordon_nl_length(attribute) == size)
		memcpy(ret_value, cordon_nl_bytes(attribute), size);
}

static void read_attributes(const struct nlmsghdr *header, struct cordon_nl_socket *socket)
{
	const size_t size = header->nlmsg_len - NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	const void *first = (const struct inet_diag_msg *)NLMSG_DATA(header) + 1;
	const struct nlattr *storage;

	copy_attribute(cordon_nl_find(first, size, INET_DIAG_CGROUP_ID), &socket->cgroup,
		       sizeof(socket->cgroup));
	storage = cordon_nl_find(first, size, INET_DIAG_SK_BPF_STORAGES);
	storage = find_within(find_within(storage, SK_DIAG_BPF_STORAGE),
			      SK_DIAG_BPF_STORAGE_MAP_VALUE);
	copy_attribute(storage, &socket->owner, sizeof(socket->owner));
}

/* One that waits for accept() has no inode yet either, but can still be read from. */
static bool is_orphan(const struct inet_diag_msg *message)
{
	return !message->idiag_inode && message->idiag_state != TCP_ESTABLISHED &&
	       message->idiag_state != TCP_CLOSE_WAIT;
}

static int visit(void *state, const struct nlmsghdr *header)
{
	const struct walk *walk = state;
	const struct inet_diag_msg *message = NLMSG_DATA(header);
	struct cordon_nl_socket found;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*message)))
		return -EBADMSG;
	found = (struct cordon_nl_socket){
		.local = read_address(message->idiag_family, message->id.idiag_src),
		.remote = read_address(message->idiag_family, message->id.idiag_dst),
		.local_port = read_port(&message->id.idiag_sport),
		.remote_port = read_port(&message->id.idiag_dport),
		.family = message->idiag_family,
		.protocol = walk->protocol,
		.orphan = is_orphan(message),
		.uid = message->idiag_uid,
		.id = message->id,
	};
	read_attributes(header, &found);
	return walk->visitor(walk->state, &found);
}

static struct cordon_nl_question question_of(uint16_t type, const struct inet_diag_req_v2 *body)
{
	struct cordon_nl_question question = {
		.protocol = NETLINK_SOCK_DIAG,
		.type = type,
		.size = sizeof(*body),
	};

	memcpy(question.body, body, sizeof(*body));
	return question;
}

static void wish_for_owners(struct cordon_nl_question *question, int owners)
{
	const struct storage_wish wish = {
		.outer = { .nla_len = sizeof(wish),
			   .nla_type = INET_DIAG_REQ_SK_BPF_STORAGES | NLA_F_NESTED },
		.inner = { .nla_len = NLA_HDRLEN + sizeof(wish.map_fd),
			   .nla_type = SK_DIAG_BPF_STORAGE_REQ_MAP_FD },
		.map_fd = (uint32_t)owners,
	};

	memcpy(question->body + question->size, &wish, sizeof(wish));
	question->size += sizeof(wish);
}

static int walk_family(int fd, struct walk *walk, uint8_t family)
{
	struct cordon_nl_question question = question_of(
		SOCK_DIAG_BY_FAMILY, &(struct inet_diag_req_v2){ .sdiag_family = family,
								 .sdiag_protocol = walk->protocol,
								 .idiag_states = walk->states });
	int result;

	if (walk->owners >= 0)
		wish_for_owners(&question, walk->owners);
	result = cordon_nl_walk(fd, &question, visit, walk);
	/* No handler for the family or the protocol: not built, or a module that is not there. */
	return result == -ENOENT ? -EOPNOTSUPP : result;
}

static int walk_both(int fd, struct walk *walk)
{
	const int error = walk_family(fd, walk, AF_INET);

	return error ? error : walk_family(fd, walk, AF_INET6);
}

int cordon_nl_sockets_walk(int fd, uint8_t protocol, cordon_nl_socket_visitor visitor, void *state)
{
	struct walk walk = { .visitor = visitor,
			     .state = state,
			     .protocol = protocol,
			     .states = 1 << TCP_ESTABLISHED,
			     .owners = -1 };

	if (protocol == IPPROTO_TCP)
		walk.states |= 1 << TCP_SYN_SENT | 1 << TCP_FIN_WAIT1 | 1 << TCP_FIN_WAIT2 |
			       1 << TCP_CLOSE_WAIT | 1 << TCP_LAST_ACK | 1 << TCP_CLOSING;
	return walk_both(fd, &walk);
}

int cordon_nl_listeners_walk(int fd, uint8_t protocol, int owners, cordon_nl_socket_visitor visitor,
			     void *state)
{
	struct walk walk = { .visitor = visitor,
			     .state = state,
			     .protocol = protocol,
			     .states = protocol == IPPROTO_TCP ? 1 << TCP_LISTEN : 1 << TCP_CLOSE,
			     .owners = owners };

	return walk_both(fd, &walk);
}

int cordon_nl_socket_destroy(int fd, const struct cordon_nl_socket *socket)
{
	const struct cordon_nl_question question = question_of(
		SOCK_DESTROY, &(struct inet_diag_req_v2){ .sdiag_family = socket->family,
							  .sdiag_protocol = socket->protocol,
							  .id = socket->id });
	_Alignas(struct nlmsghdr) char answer[1024] = { 0 };
	const struct nlmsghdr *header = (const void *)answer;
	int result = cordon_nl_send(fd, &question, NLM_F_ACK);

	if (!result)
		result = cordon_nl_receive(fd, answer, sizeof(answer));
	if (result < 0)
		return result;
	return NLMSG_OK(header, (unsigned int)result) && header->nlmsg_type == NLMSG_ERROR ?
		       cordon_nl_error(header) :
		       -EBADMSG;
}
