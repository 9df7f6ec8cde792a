// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sockets listed and destroyed, in the kernel's own words: two messages and one
 * attribute need no library, and errno comes through whole.
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

/* What the kernel puts into one part of a dump at most. */
#define PART_SIZE 32768

/* What a map of socket storage holds of each: an attribute with the map's fd in it. */
struct storage_wish {
	struct rtattr outer;
	struct rtattr inner;
	uint32_t map_fd;
};

/** struct request - @wish: only as far as header.nlmsg_len goes */
struct request {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
	struct storage_wish wish;
};

#define REQUEST_SIZE offsetof(struct request, wish)

struct walk {
	cordon_nl_socket_visitor visitor;
	void *state;
	uint8_t protocol;
	uint32_t states;
	int owners;
	bool done;
};

int cordon_nl_sockets_open(void)
{
	const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);

	return fd < 0 ? -errno : fd;
}

static int send_request(int fd, const struct request *request)
{
	return send(fd, request, request->header.nlmsg_len, 0) < 0 ? -errno : 0;
}

/* Return: bytes, or -errno. */
static int receive_part(int fd, void *part, size_t size)
{
	ssize_t length;

	do
		length = recv(fd, part, size, MSG_TRUNC);
	while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return (size_t)length > size ? -EMSGSIZE : (int)length;
}

static int read_error(const struct nlmsghdr *header)
{
	const struct nlmsgerr *error = NLMSG_DATA(header);

	return header->nlmsg_len < NLMSG_LENGTH(sizeof(*error)) ? -EBADMSG : error->error;
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

/* An attribute among @size bytes of them; NULL: it is not there. */
static const struct rtattr *find_attribute(const void *first, unsigned int size, uint16_t type)
{
	const struct rtattr *attribute = first;

	for (; RTA_OK(attribute, size); attribute = RTA_NEXT(attribute, size)) {
		if ((attribute->rta_type & NLA_TYPE_MASK) == type)
			return attribute;
	}
	return NULL;
}

static const struct rtattr *find_within(const struct rtattr *outer, uint16_t type)
{
	return outer ? find_attribute(RTA_DATA(outer), (unsigned int)RTA_PAYLOAD(outer), type) :
		       NULL;
}

static void copy_attribute(const struct rtattr *attribute, void *ret_value, size_t size)
{
	if (attribute && RTA_PAYLOAD(attribute) == size)
		memcpy(ret_value, RTA_DATA(attribute), size);
}

static void read_attributes(const struct nlmsghdr *header, struct cordon_nl_socket *socket)
{
	const unsigned int size = header->nlmsg_len - NLMSG_LENGTH(sizeof(struct inet_diag_msg));
	const void *first = (const struct inet_diag_msg *)NLMSG_DATA(header) + 1;
	const struct rtattr *storage;

	copy_attribute(find_attribute(first, size, INET_DIAG_CGROUP_ID), &socket->cgroup,
		       sizeof(socket->cgroup));
	storage = find_attribute(first, size, INET_DIAG_SK_BPF_STORAGES);
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

static int visit(const struct walk *walk, const struct nlmsghdr *header)
{
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

static int visit_part(struct walk *walk, const void *part, int size)
{
	unsigned int left = (unsigned int)size;
	const struct nlmsghdr *header = part;
	int error = 0;

	for (; !error && NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_type == NLMSG_DONE)
			walk->done = true;
		else if (header->nlmsg_type == NLMSG_ERROR)
			error = read_error(header);
		else
			error = visit(walk, header);
	}
	return error;
}

static struct request make_request(uint16_t type, uint16_t flags, uint8_t family, uint8_t protocol)
{
	return (struct request){
		.header = {
			.nlmsg_len = REQUEST_SIZE,
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
		},
		.body = { .sdiag_family = family, .sdiag_protocol = protocol },
	};
}

static void wish_for_owners(struct request *request, int owners)
{
	request->header.nlmsg_len = sizeof(*request);
	request->wish = (struct storage_wish){
		.outer = { .rta_len = sizeof(request->wish),
			   .rta_type = INET_DIAG_REQ_SK_BPF_STORAGES | NLA_F_NESTED },
		.inner = { .rta_len = RTA_LENGTH(sizeof(uint32_t)),
			   .rta_type = SK_DIAG_BPF_STORAGE_REQ_MAP_FD },
		.map_fd = (uint32_t)owners,
	};
}

static int walk_family(int fd, struct walk *walk, uint8_t family)
{
	struct request request =
		make_request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, family, walk->protocol);
	_Alignas(struct nlmsghdr) char part[PART_SIZE];
	int result;

	request.body.idiag_states = walk->states;
	if (walk->owners >= 0)
		wish_for_owners(&request, walk->owners);
	result = send_request(fd, &request);
	walk->done = false;
	while (!result && !walk->done) {
		result = receive_part(fd, part, sizeof(part));
		if (result > 0)
			result = visit_part(walk, part, result);
	}
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
	struct request request =
		make_request(SOCK_DESTROY, NLM_F_ACK, socket->family, socket->protocol);
	_Alignas(struct nlmsghdr) char answer[1024] = { 0 };
	const struct nlmsghdr *header = (const void *)answer;
	int result;

	request.body.id = socket->id;
	result = send_request(fd, &request);
	if (!result)
		result = receive_part(fd, answer, sizeof(answer));
	if (result < 0)
		return result;
	return NLMSG_OK(header, (unsigned int)result) && header->nlmsg_type == NLMSG_ERROR ?
		       read_error(header) :
		       -EBADMSG;
}
